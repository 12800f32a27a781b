import type { Machine } from "../../kit/machine.ts";

/** Defaults: ai-providers §7.4 item 9. */
export interface DtmfTurnOptions {
  /** Silence of the keys that ends the turn. */
  readonly interDigitTimeoutMs: number;
}

/** Keys a turn holds at most. */
export const maxTurnDigits = 64;

/** `maxDigits`: keys that fill the turn as things stand now; the last of them ends it. */
export type DtmfTurnInput = { readonly type: "digit"; readonly digit: string; readonly maxDigits?: number | undefined };

/** The caller's turn by keys. `digits` is private, as words are. */
export type DtmfTurnOrder = { readonly type: "digits"; readonly digits: string };

const none: readonly DtmfTurnOrder[] = [];

/** Collects keys into a turn: ends at `#`, when full, or after a pause. `#` is told only when it is all there is. */
export class DtmfTurn implements Machine<DtmfTurnInput, DtmfTurnOrder> {
  readonly #interDigitTimeoutMs: number;
  #digits = "";
  #deadline: number | undefined;
  /** The last key filled its turn then, and was no `#`. */
  #filledAt = Number.NEGATIVE_INFINITY;

  constructor(options: DtmfTurnOptions) {
    this.#interDigitTimeoutMs = options.interDigitTimeoutMs;
  }

  get deadline(): number | undefined {
    return this.#deadline;
  }

  /** Keys were pressed and the turn is not over. */
  get collecting(): boolean {
    return this.#deadline !== undefined;
  }

  /** The key is the `#` of a turn that was full without it: it says nothing. */
  belated(digit: string, now: number): boolean {
    const belated = digit === "#" && now - this.#filledAt < this.#interDigitTimeoutMs;
    this.#filledAt = Number.NEGATIVE_INFINITY;
    return belated;
  }

  handle(input: DtmfTurnInput | { type: "timeout" }, now: number): readonly DtmfTurnOrder[] {
    switch (input.type) {
      case "digit":
        // One key of a telephone and nothing else.
        if (!/^[0-9A-D*#]$/.test(input.digit)) return none;
        if (input.digit === "#") return this.#end(this.#digits === "" ? "#" : this.#digits);
        this.#digits += input.digit;
        if (this.#digits.length >= Math.min(maxTurnDigits, input.maxDigits ?? maxTurnDigits)) {
          this.#filledAt = now;
          return this.#end(this.#digits);
        }
        this.#deadline = now + this.#interDigitTimeoutMs;
        return none;
      case "timeout":
        if (this.#deadline === undefined || now < this.#deadline) return none;
        return this.#end(this.#digits);
    }
  }

  #end(digits: string): readonly DtmfTurnOrder[] {
    this.#digits = "";
    this.#deadline = undefined;
    return [{ type: "digits", digits }];
  }
}
