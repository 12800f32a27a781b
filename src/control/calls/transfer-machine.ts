import type { Machine } from "../../kit/machine.ts";
import type { EndCause, RoomAgent, RoomHearing } from "../../media/protocol.ts";
import { partnerCause } from "./partner-cause.ts";

/** How a call is passed to somebody else. */
export interface TransferPlan {
  /** Attended: the agent talks with the callee first, while the caller hears music. */
  readonly mode: "blind" | "attended";
  /** What the agent does once caller and callee talk. */
  readonly agentAfter: "leaves" | "listens";
  /** What the agent is to tell the callee; attended only. Private, as words are. */
  readonly briefing: string;
  /** Attended: `key` waits for the callee to press 1, `none` joins the two when the briefing was said. */
  readonly confirm: "none" | "key";
  /** How long the callee may take to listen and to confirm. */
  readonly briefingTimeoutMs: number;
  /** Who takes the caller back when nobody else does: its agent, or the one it talked with. */
  readonly returnsTo: "agent" | "partner" | "nobody";
}

export type TransferInput =
  | { readonly type: "start" }
  /** There is a call to the callee, or the caller's network was asked to call. */
  | { readonly type: "callee-called" }
  | { readonly type: "callee-answered" }
  /** The agent has said something to the callee. */
  | { readonly type: "agent-spoke" }
  | { readonly type: "callee-pressed"; readonly key: string }
  /** Somebody says that the two are to be joined now. */
  | { readonly type: "complete" }
  | { readonly type: "cancel" }
  /** The caller's network has joined the two without us. */
  | { readonly type: "handed-over" }
  | { readonly type: "callee-ended"; readonly cause: EndCause }
  | { readonly type: "caller-ended"; readonly cause: EndCause };

export type TransferOrder =
  | { readonly type: "dial" }
  | { readonly type: "caller"; readonly hears: RoomHearing; readonly agent: RoomAgent; readonly instruct?: string }
  | { readonly type: "callee-joins" }
  /** Both talk: from now on the end of one is the end of the other. */
  | { readonly type: "joined" }
  /** The agent has the caller for itself again; the note tells it why. */
  | { readonly type: "agent-returns"; readonly note: string }
  /** The caller talks again with the one it talked with, if that one is still there; `cause`: why it ends, if not. */
  | { readonly type: "partner-returns"; readonly cause: EndCause }
  | { readonly type: "hang-up-callee"; readonly cause: EndCause }
  | { readonly type: "hang-up-caller"; readonly cause: EndCause }
  | { readonly type: "news"; readonly state: TransferState; readonly cause?: EndCause }
  | { readonly type: "forget" };

export type TransferState = "ringing" | "briefing" | "completed" | "failed";

type State = "idle" | TransferState;

/** Fit to be read out as it is: a scripted agent says just this, a model makes it its own. */
const keyAdvice = "Press 1 to take the call, or 2 to refuse it.";

/**
 * A caller on its way from an agent to a person.
 *
 * | in state | input | goes to | orders |
 * |---|---|---|---|
 * | idle | start | ringing | the caller hears ringback (blind) or music (attended), the agent waits; dial |
 * | ringing | callee-called | ringing | news |
 * | ringing | callee-answered, blind | completed | callee joins, caller hears the room |
 * | ringing | callee-answered, attended | briefing | callee joins, the agent speaks with it |
 * | ringing | handed-over | completed | the caller is hung up: it talks without us |
 * | briefing | agent-spoke without key, callee pressed 1, complete | completed | caller hears the room; that their ends are one is not the transfer's business any more |
 * | ringing, briefing | callee-ended, cancel, timeout; pressed 2 | failed | the callee is hung up, the agent returns to the caller, or the one it talked with; without either the caller is hung up |
 * | ringing, briefing | caller-ended | – | the callee is hung up |
 */
export class TransferMachine implements Machine<TransferInput, TransferOrder> {
  readonly #plan: TransferPlan;
  #state: State = "idle";
  #deadline: number | undefined;
  #isOver = false;

  constructor(plan: TransferPlan) {
    this.#plan = plan;
  }

  get state(): State {
    return this.#state;
  }

  /** Whether the callee is being called or listens to the briefing. */
  get isUnderWay(): boolean {
    return this.#state === "ringing" || this.#state === "briefing";
  }

  get deadline(): number | undefined {
    return this.#deadline;
  }

  handle(input: TransferInput | { type: "timeout" }, now: number): readonly TransferOrder[] {
    if (this.#isOver) return [];
    switch (input.type) {
      case "start":
        return this.#start();
      case "callee-called":
        return this.#state === "ringing" ? [{ type: "news", state: "ringing" }] : [];
      case "callee-answered":
        return this.#answered(now);
      case "agent-spoke":
        return this.#state === "briefing" && this.#plan.confirm === "none" ? this.#complete() : [];
      case "callee-pressed":
        if (this.#state !== "briefing" || this.#plan.confirm !== "key") return [];
        if (input.key === "1") return this.#complete();
        return input.key === "2" ? this.#fail("the person does not want to take the call", "call-refused") : [];
      case "complete":
        return this.#state === "briefing" ? this.#complete() : [];
      case "cancel":
        return this.isUnderWay ? this.#fail("the transfer was called off", "cancelled") : [];
      case "timeout":
        return this.#state === "briefing" ? this.#fail("the person did not take the call in time", "no-answer") : [];
      case "handed-over":
        return this.#state === "ringing" ? this.#handedOver() : [];
      case "callee-ended":
        return this.isUnderWay
          ? this.#fail(reasons[input.cause] ?? "the person could not be reached", input.cause)
          : [];
      case "caller-ended": {
        const cause = this.#state === "ringing" ? "cancelled" : partnerCause(input.cause, "outbound");
        return this.#end([{ type: "hang-up-callee", cause }]);
      }
    }
  }

  #start(): readonly TransferOrder[] {
    if (this.#state !== "idle") return [];
    this.#state = "ringing";
    const hears = this.#plan.mode === "blind" ? "ringback" : "music";
    return [{ type: "caller", hears, agent: "suspended" }, { type: "dial" }];
  }

  #answered(now: number): readonly TransferOrder[] {
    if (this.#state !== "ringing") return [];
    if (this.#plan.mode === "blind") return [{ type: "callee-joins" }, ...this.#complete()];
    this.#state = "briefing";
    this.#deadline = now + this.#plan.briefingTimeoutMs;
    const { briefing, confirm } = this.#plan;
    const instruct = [briefing, ...(confirm === "key" ? [keyAdvice] : [])].join(" ");
    return [
      { type: "callee-joins" },
      { type: "caller", hears: "music", agent: "speaks", instruct },
      { type: "news", state: "briefing" },
    ];
  }

  #complete(): readonly TransferOrder[] {
    this.#state = "completed";
    return this.#end([
      { type: "caller", hears: "room", agent: this.#plan.agentAfter },
      { type: "joined" },
      { type: "news", state: "completed" },
    ]);
  }

  #handedOver(): readonly TransferOrder[] {
    this.#state = "completed";
    return this.#end([
      { type: "news", state: "completed" },
      { type: "hang-up-caller", cause: "transferred" },
    ]);
  }

  #fail(why: string, cause: EndCause): readonly TransferOrder[] {
    // What was answered is not called off, it is hung up.
    const byApi = cause === "cancelled" ? "api-hung-up" : cause;
    const calleeCause = this.#state === "ringing" ? "cancelled" : byApi;
    this.#state = "failed";
    const note = `I am sorry, I could not put you through: ${why}. How else can I help you?`;
    return this.#end([
      { type: "hang-up-callee", cause: calleeCause },
      { type: "news", state: "failed", cause },
      this.#back(note, byApi),
    ]);
  }

  #back(note: string, cause: EndCause): TransferOrder {
    switch (this.#plan.returnsTo) {
      case "agent":
        return { type: "agent-returns", note };
      case "partner":
        return { type: "partner-returns", cause };
      case "nobody":
        return { type: "hang-up-caller", cause };
    }
  }

  #end(orders: readonly TransferOrder[]): readonly TransferOrder[] {
    this.#isOver = true;
    this.#deadline = undefined;
    return [...orders, { type: "forget" }];
  }
}

const reasons: Readonly<Partial<Record<EndCause, string>>> = {
  busy: "the line is busy",
  "no-answer": "nobody answered",
  "call-refused": "the call was refused",
  "call-unreachable": "the number cannot be reached",
  "callee-hung-up": "the person hung up",
};
