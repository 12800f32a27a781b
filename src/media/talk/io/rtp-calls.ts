import type { Clock } from "../../../kit/clock.ts";
import { systemRandom } from "../../../kit/io/random.ts";
import type { Logger } from "../../../kit/log.ts";
import type { CallPlan, EndCause, MediaEvent } from "../../protocol.ts";
import { RtpLeg } from "../../rtp/io/rtp-leg.ts";
import type { MediaPlan } from "../../rtp/media-plan.ts";
import { defaultPortPoolOptions, PortPool } from "../../rtp/port-pool.ts";
import { ScaleBudget } from "../../rtp/scale-budget.ts";
import type { CallSession } from "./call-session.ts";

export interface RtpCallsOptions {
  /** This process's share of the ports, both included. */
  readonly firstPort: number;
  readonly lastPort: number;
  /** A call that brings no packets for this long is told of; 0: never. */
  readonly noRtpMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly report: (event: MediaEvent) => void;
  /** Makes the call's session. */
  readonly makeSession: (plan: CallPlan) => CallSession;
  /** Starts the session on its leg. */
  readonly startSession: (session: CallSession, plan: CallPlan, leg: RtpLeg, isEarly: boolean) => void;
}

interface RtpCall {
  readonly plan: CallPlan;
  readonly leg: RtpLeg;
  session: CallSession | undefined;
}

/** The RTP legs of a media process: ports for the SDP first, a conversation once the call is answered. */
export class RtpCalls {
  readonly #options: RtpCallsOptions;
  readonly #ports: PortPool;
  readonly #scaleBudget = new ScaleBudget();
  readonly #calls = new Map<string, RtpCall>();
  /** Calls whose ports are being taken, with the cause when they were hung up meanwhile. */
  readonly #opening = new Map<string, EndCause | undefined>();

  constructor(options: RtpCallsOptions) {
    this.#options = options;
    const { firstPort, lastPort } = options;
    this.#ports = new PortPool({ ...defaultPortPoolOptions, firstPort, lastPort }, randomFraction);
  }

  /** Calls that have ports, or will have them. */
  get size(): number {
    return this.#calls.size + this.#opening.size;
  }

  /** Takes ports; `rtp-opened` tells which, and the call's ending that there are none. */
  async open(plan: CallPlan, address: string): Promise<void> {
    const { clock, log, report } = this.#options;
    const { callId } = plan;
    this.#opening.set(callId, undefined);
    try {
      const leg = await RtpLeg.open({
        address,
        ports: this.#ports,
        rtcpMux: false,
        noRtpMs: this.#options.noRtpMs,
        scaleBudget: this.#scaleBudget,
        clock,
        randomBytes: systemRandom,
        keysWanted: (digits) => report({ type: "keys-wanted", callId, digits }),
        news: (news) => {
          if (news.type === "no-rtp") report({ type: "rtp-silent", callId, silentMs: news.silentMs });
          else if (news.type === "one-way-audio") {
            const { reason, text } = news;
            report({
              type: "call-error",
              callId,
              kind: `one-way-audio-${reason}`,
              message: text,
              fatal: false,
              atMs: 0,
            });
          }
        },
      });
      const hungUp = this.#opening.get(callId);
      this.#opening.delete(callId);
      if (hungUp !== undefined) {
        leg.close();
        this.#unstarted(callId, hungUp, "");
        return;
      }
      this.#calls.set(callId, { plan, leg, session: undefined });
      report({ type: "rtp-opened", callId, port: leg.port });
    } catch (error) {
      this.#opening.delete(callId);
      log.error({ err: error, callId }, "no RTP port for a call");
      this.#unstarted(callId, "internal-error", "no RTP port is free: see TANDEM_RTP_PORTS");
    }
  }

  /** The call was answered, or, `isEarly`, has media before that: its conversation begins. */
  begin(callId: string, media: MediaPlan, isEarly: boolean): void {
    const call = this.#calls.get(callId);
    if (!call || call.session) return;
    const session = this.#options.makeSession(call.plan);
    call.session = session;
    try {
      call.leg.begin(media, session.legEvents);
      if (!isEarly) call.leg.answered();
      this.#options.startSession(session, call.plan, call.leg, isEarly);
    } catch (error) {
      this.#broken(call, error);
    }
  }

  /** The call whose media began early was answered. */
  answered(callId: string): void {
    const call = this.#calls.get(callId);
    call?.leg.answered();
    call?.session?.answered();
  }

  change(callId: string, media: MediaPlan): void {
    const call = this.#calls.get(callId);
    try {
      call?.leg.replan(media);
    } catch (error) {
      if (call) this.#broken(call, error);
    }
  }

  infoKey(callId: string, key: string): void {
    this.#calls.get(callId)?.leg.infoKey(key);
  }

  /** Hangs up a call that was never answered; false: it is none of these. */
  hangUpUnstarted(callId: string, cause: EndCause): boolean {
    if (this.#opening.has(callId)) {
      this.#opening.set(callId, cause);
      return true;
    }
    const call = this.#calls.get(callId);
    if (!call || call.session) return false;
    this.#calls.delete(callId);
    call.leg.close();
    this.#unstarted(callId, cause, "");
    return true;
  }

  /** The call's session is over; its leg is closed by then. */
  forget(callId: string): void {
    this.#calls.delete(callId);
  }

  /** Once every 20 ms, before the sessions. */
  tick(now: number): void {
    this.#scaleBudget.refill();
    for (const call of this.#calls.values()) {
      try {
        call.leg.tick(now);
      } catch (error) {
        this.#broken(call, error);
      }
    }
  }

  close(): void {
    for (const { leg } of this.#calls.values()) leg.close();
    this.#calls.clear();
  }

  /** A broken rule of ours in one call's media ends that call, and takes no other call's tick. */
  #broken({ plan, leg, session }: RtpCall, error: unknown): void {
    this.#options.log.error({ err: error, callId: plan.callId }, "internal error in a call's media; the call ends");
    session?.end("internal-error", "an internal error; the log has it under the call's id");
    leg.close();
  }

  #unstarted(callId: string, cause: EndCause, detail: string): void {
    const stats = { framesIn: 0, framesOut: 0, underruns: 0, ignoredMessages: 0, faults: 0 };
    const wallMs = this.#options.clock.wall();
    this.#options.report({
      type: "call-ended",
      callId,
      wallMs,
      durationMs: 0,
      cause,
      detail,
      stats,
      recording: undefined,
    });
  }
}

function randomFraction(): number {
  return systemRandom(4).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 32;
}
