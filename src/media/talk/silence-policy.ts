import type { Machine } from "../../kit/machine.ts";

/** Defaults stand in `turn-options.ts`; their reason in ai-providers §7.4 item 8. */
export interface SilencePolicyOptions {
  /** Played silence before a nudge, and between nudges; 0: no policy at all. */
  readonly nudgeAfterMs: number;
  /** Nudges in a row; 0: no policy at all, so that nobody is hung up on unasked. */
  readonly maxNudges: number;
}

export type SilencePolicyInput =
  /** The caller spoke or pressed a key: patience begins anew. */
  | { readonly type: "caller-active" }
  /** The agent can be heard or has unplayed audio, a tool runs, or a reply is on its way: this is no silence. */
  | { readonly type: "busy" }
  /** Both sides are silent and nothing is under way. May be said again and again; the first time counts. */
  | { readonly type: "quiet" };

export type SilencePolicyOrder =
  /** Ask whether somebody is there; `count` from 1. */
  | { readonly type: "nudge"; readonly count: number }
  /** Nobody answered the last nudge either. Given once, until the caller is active. */
  | { readonly type: "give-up" };

const none: readonly SilencePolicyOrder[] = [];

/** Minutes the silence on a call: nudges a caller who says nothing, and gives up in the end. */
export class SilencePolicy implements Machine<SilencePolicyInput, SilencePolicyOrder> {
  readonly #options: SilencePolicyOptions;
  #nudges = 0;
  #gaveUp = false;
  #deadline: number | undefined;

  constructor(options: SilencePolicyOptions) {
    this.#options = options;
  }

  get deadline(): number | undefined {
    return this.#deadline;
  }

  handle(input: SilencePolicyInput | { type: "timeout" }, now: number): readonly SilencePolicyOrder[] {
    switch (input.type) {
      case "caller-active":
        this.#nudges = 0;
        this.#gaveUp = false;
        this.#deadline = undefined;
        return none;
      case "busy":
        this.#deadline = undefined;
        return none;
      case "quiet":
        this.#deadline ??= this.#nextDeadline(now);
        return none;
      case "timeout":
        return this.#timeout(now);
    }
  }

  #timeout(now: number): readonly SilencePolicyOrder[] {
    if (this.#deadline === undefined || now < this.#deadline) return none;
    if (this.#nudges >= this.#options.maxNudges) {
      this.#gaveUp = true;
      this.#deadline = undefined;
      return [{ type: "give-up" }];
    }
    this.#nudges += 1;
    // Should the nudge never be spoken, the wait goes on from here; when it is, `busy` and `quiet` begin it anew.
    this.#deadline = this.#nextDeadline(now);
    return [{ type: "nudge", count: this.#nudges }];
  }

  #nextDeadline(now: number): number | undefined {
    const { nudgeAfterMs, maxNudges } = this.#options;
    return this.#gaveUp || nudgeAfterMs <= 0 || maxNudges <= 0 ? undefined : now + nudgeAfterMs;
  }
}
