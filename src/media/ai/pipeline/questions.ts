import type { RespondReason } from "../session.ts";
import type { Understanding } from "./ears-line.ts";
import type { History } from "./history.ts";
import type { MindRequest } from "./parts.ts";

/** What a question is made of besides the history. */
export interface QuestionSetup {
  readonly answersUnclear: boolean;
  /** Answers to tool results in a row; the last one gets no tools, so that it must speak. */
  readonly maxToolRounds: number;
  readonly request: Omit<MindRequest, "history" | "reason">;
}

/** Decides whether there is something to ask the mind, and makes the question. */
export class Questions {
  readonly #setup: QuestionSetup;
  readonly #history: History;
  /** What is to be answered; stays when a reply was called off before it was heard. */
  #answering: Understanding = "nothing";
  /** Results came that the mind has not seen. */
  #freshResults = false;
  /** The question under way tells the mind results it had not seen. */
  #tellsResults = false;
  #toolRounds = 0;

  constructor(setup: QuestionSetup, history: History) {
    this.#setup = setup;
    this.#history = history;
  }

  /** A tool's result is in the history. */
  resultArrived(): void {
    this.#freshResults = true;
  }

  /**
   * Whether a reply is worth asking for, given what became of the caller's words: noise and silence get none, unless the
   * mind wants to say so or there are results to tell. `apologise`: our own ears failed.
   */
  judge(reason: RespondReason, understanding: Understanding): "ask" | "skip" | "apologise" {
    if (understanding !== "nothing" && this.#answering !== "words") this.#answering = understanding;
    // A reply to the caller may have told these results already.
    if (reason === "tool-result") return this.#freshResults ? "ask" : "skip";
    if (reason !== "caller-turn" || this.#answering === "words" || this.#freshResults) return "ask";
    if (this.#answering === "failed") return "apologise";
    return this.#answering === "unclear" && this.#setup.answersUnclear ? "ask" : "skip";
  }

  /** The question, with all that happened so far. */
  ask(reason: RespondReason): MindRequest {
    const history = this.#history.snapshot();
    if (this.#answering === "unclear" && this.#setup.answersUnclear) history.push({ role: "caller", text: "" });
    if (reason === "caller-turn") this.#toolRounds = 0;
    if (reason === "tool-result") this.#toolRounds += 1;
    this.#tellsResults = this.#freshResults;
    this.#freshResults = false;
    // A model that only ever calls tools is made to speak.
    const tools = this.#toolRounds >= this.#setup.maxToolRounds ? [] : this.#setup.request.tools;
    return { ...this.#setup.request, tools, history, reason };
  }

  /** The reply came out, at least its beginning. */
  answered(): void {
    this.#answering = "nothing";
    this.#tellsResults = false;
  }

  /** The reply was called off before any of it was spoken: all of it is still to be answered. */
  calledOff(): void {
    this.#freshResults ||= this.#tellsResults;
    this.#tellsResults = false;
  }
}
