import type { Machine } from "../../kit/machine.ts";
import type { EndCause } from "../../media/protocol.ts";

export type CallInput =
  /** The stream with this call's token came in at a media process. */
  | { readonly type: "stream-offered"; readonly processId: number; readonly connectionId: string }
  | { readonly type: "media-started" }
  | { readonly type: "media-ended" }
  | { readonly type: "hang-up"; readonly cause: EndCause }
  | { readonly type: "process-died" };

export type CallOrder =
  | { readonly type: "accept-stream"; readonly processId: number; readonly connectionId: string }
  | {
      readonly type: "refuse-stream";
      readonly processId: number;
      readonly connectionId: string;
      readonly reason: string;
    }
  | { readonly type: "hang-up-media"; readonly processId: number; readonly cause: EndCause }
  /** Write the ending; `ended` tells that the media process has reported it in full already. */
  | { readonly type: "write-ending"; readonly cause: EndCause; readonly detail: string }
  | { readonly type: "forget" };

export interface CallMachineOptions {
  /** From the ticket to the stream. */
  readonly setupTimeoutMs: number;
  /** From accepting the stream to its media. */
  readonly acceptTimeoutMs: number;
  /** From the order to hang up to the media's end. */
  readonly hangUpTimeoutMs: number;
}

export const defaultCallMachineOptions = {
  setupTimeoutMs: 60_000,
  acceptTimeoutMs: 15_000,
  hangUpTimeoutMs: 20_000,
} as const satisfies CallMachineOptions;

type State = "ringing" | "accepting" | "in-progress" | "ending" | "ended";

/**
 * One call seen from the control plane: ringing → (accepting →) in-progress → ended. Every state but the last has a
 * deadline or a media process that reports its end, so every path ends, once, with one cause.
 *
 * | in state | input | goes to | orders |
 * |---|---|---|---|
 * | ringing | stream-offered | accepting | accept-stream |
 * | ringing | timeout, hang-up | ended | write-ending |
 * | accepting | media-started | in-progress | – |
 * | accepting, in-progress | hang-up | ending | hang-up-media |
 * | accepting | timeout | ending | hang-up-media |
 * | accepting, in-progress, ending | media-ended | ended | (the media's own report is the ending) |
 * | accepting, in-progress, ending | process-died | ended | write-ending |
 * | ending | timeout | ended | write-ending |
 * | any but ringing | stream-offered | – | refuse-stream |
 */
export class CallMachine implements Machine<CallInput, CallOrder> {
  readonly #options: CallMachineOptions;
  #state: State = "ringing";
  #deadline: number | undefined;
  #processId: number | undefined;
  #endingCause: EndCause = "internal-error";

  constructor(options: CallMachineOptions, now: number) {
    this.#options = options;
    this.#deadline = now + options.setupTimeoutMs;
  }

  get state(): State {
    return this.#state;
  }

  get deadline(): number | undefined {
    return this.#deadline;
  }

  /** The media process that holds the call. */
  get processId(): number | undefined {
    return this.#processId;
  }

  /** A new ticket was made for a call that still rings. */
  extendSetup(now: number): void {
    if (this.#state === "ringing") this.#deadline = now + this.#options.setupTimeoutMs;
  }

  handle(input: CallInput | { type: "timeout" }, now: number): readonly CallOrder[] {
    if (this.#state === "ended") {
      return input.type === "stream-offered" ? [refuse(input, "the call has ended")] : [];
    }
    switch (input.type) {
      case "stream-offered": {
        if (this.#state !== "ringing") return [refuse(input, "the call has a stream already")];
        this.#state = "accepting";
        this.#processId = input.processId;
        this.#deadline = now + this.#options.acceptTimeoutMs;
        return [{ type: "accept-stream", processId: input.processId, connectionId: input.connectionId }];
      }
      case "media-started":
        if (this.#state !== "accepting") return [];
        this.#state = "in-progress";
        this.#deadline = undefined;
        return [];
      case "media-ended":
        return this.#end();
      case "hang-up":
        if (this.#state === "ending") return [];
        if (this.#processId === undefined) return this.#end(input.cause, "ended before its stream came");
        return this.#startEnding(this.#processId, input.cause, now);
      case "process-died":
        if (this.#processId === undefined) return [];
        return this.#end("media-process-died", "the media process that held the call died");
      case "timeout":
        if (this.#state === "ringing" || this.#processId === undefined) {
          return this.#end("setup-timeout", "no stream came with this call's token in time");
        }
        if (this.#state === "accepting") return this.#startEnding(this.#processId, "setup-timeout", now);
        return this.#end(this.#endingCause, "the media process did not confirm the end in time");
    }
  }

  #startEnding(processId: number, cause: EndCause, now: number): readonly CallOrder[] {
    this.#state = "ending";
    this.#endingCause = cause;
    this.#deadline = now + this.#options.hangUpTimeoutMs;
    return [{ type: "hang-up-media", processId, cause }];
  }

  #end(cause?: EndCause, detail = ""): readonly CallOrder[] {
    this.#state = "ended";
    this.#deadline = undefined;
    return cause === undefined ? [{ type: "forget" }] : [{ type: "write-ending", cause, detail }, { type: "forget" }];
  }
}

function refuse(input: { readonly processId: number; readonly connectionId: string }, reason: string): CallOrder {
  return { type: "refuse-stream", processId: input.processId, connectionId: input.connectionId, reason };
}
