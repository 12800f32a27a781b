/** SIP sessions without a network: what call control asks for is noted, what far ends do is told by the test. */
import { SipSessions } from "../../src/control/calls/io/sip-sessions.ts";
import { SipHeaders } from "../../src/sip/headers/headers.ts";
import type { OutgoingCall, SessionCommand, SessionEnd, SessionEvent } from "../../src/sip/invite-session/types.ts";
import type { SipEndpoint } from "../../src/sip/io/sip-endpoint.ts";

type CallParts = Parameters<SipSessions["call"]>[1];

/** A call that was made. */
export interface MadeCall {
  readonly session: string;
  readonly call: OutgoingCall;
  readonly parts: CallParts;
}

export class FakeSip {
  readonly made: MadeCall[] = [];
  /** Commands in order: `s1 hang-up`. */
  readonly commands: { readonly session: string; readonly command: SessionCommand }[] = [];
  /** Ends a call at once, as a transport that is not there does. */
  failing: (session: string) => SessionEnd | undefined = () => undefined;
  readonly sessions: SipSessions;

  constructor() {
    const endpoint = {
      call: (call: OutgoingCall, parts: CallParts, named: (session: string) => void) => {
        const session = `s${this.made.length + 1}`;
        this.made.push({ session, call, parts });
        named(session);
        const end = this.failing(session);
        if (end) this.tell(session, { type: "ended", end });
        return session;
      },
      command: (session: string, command: SessionCommand) => this.commands.push({ session, command }),
      session: (session: string) => ({ sipCallId: `id of ${session}` }),
    };
    this.sessions = new SipSessions(endpoint as unknown as SipEndpoint);
  }

  tell(session: string, event: SessionEvent): void {
    this.sessions.event(session, event);
  }

  /** The far end rings, or says more. */
  progress(session: string, status: number, sdp?: Uint8Array): void {
    this.tell(session, { type: "progress", status, reason: "", fork: "f", sdp, headers: new SipHeaders() });
  }

  answered(session: string, sdp?: Uint8Array): void {
    this.tell(session, { type: "answered", fork: "f", sdp, headers: new SipHeaders() });
  }

  refused(session: string, status: number): void {
    this.tell(session, { type: "ended", end: { by: "remote", cause: "rejected", status, reasons: [] } });
  }

  /** What was asked of sessions since the last look: `s1 hang-up`. */
  asked(): string[] {
    return this.commands.splice(0).map(({ session, command }) => `${session} ${command.type}`);
  }
}
