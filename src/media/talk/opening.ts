/** What is to be said first, now. */
export type FirstWords = "nothing" | "greeting" | "message";

/**
 * The agent's first words: a greeting as soon as the model is there, once. On an outgoing call it can be held back until it
 * is known who answered, and then may be a message for a machine instead.
 */
export class Opening {
  #ready = false;
  #said = false;
  #heldBack: "no" | "undecided" | "message" = "no";
  /** The far end's turn is being ended for the greeting's sake. */
  #due = false;

  /** Nothing but the message is said any more, and it was asked for. */
  get leavingMessage(): boolean {
    return this.#heldBack === "message" && this.#ready;
  }

  /** The model can be spoken to; comes again after a reconnect. */
  modelReady(): FirstWords {
    const again = this.#ready;
    this.#ready = true;
    if (this.#heldBack === "no") return this.#greeting();
    return this.#heldBack === "message" && !again ? "message" : "nothing";
  }

  /** Somebody else saw to the first words. */
  skip(): void {
    this.#said = true;
  }

  /** Nobody is answered from now on; true when a greeting was asked for, which is to be called off. */
  holdBack(): boolean {
    const said = this.#said;
    this.#heldBack = "undecided";
    this.#said = false;
    return said;
  }

  /** Somebody is there; true when he is to be greeted in reply to what he has said. */
  begin(): boolean {
    this.#heldBack = "no";
    this.#due = this.#ready && !this.#said;
    return this.#due;
  }

  /** A machine records. */
  leaveMessage(): FirstWords {
    this.#heldBack = "message";
    this.#said = true;
    return this.#ready ? "message" : "nothing";
  }

  /** The far end's turn is over: what it gets for a reply. */
  reply(): "reply" | "none" | "greeting" | "message" {
    if (this.#heldBack === "message") return "message";
    if (this.#heldBack === "undecided") return "none";
    return this.takeDue() ? "greeting" : "reply";
  }

  /** True once after `begin`, for whoever greets. */
  takeDue(): boolean {
    const due = this.#due && this.#greeting() === "greeting";
    this.#due = false;
    return due;
  }

  #greeting(): FirstWords {
    const said = this.#said;
    this.#said = true;
    return said ? "nothing" : "greeting";
  }
}
