import { type AudioFormat, frameMs } from "../../codecs/format.ts";
import { DtmfDedup, type DtmfMode } from "./dtmf-dedup.ts";
import { writeDtmf } from "./inband-dtmf.ts";
import { InboundAudio } from "./inbound-audio.ts";
import { Latch, type RtpAddress } from "./latching.ts";
import { type MediaPlan, sends } from "./media-plan.ts";
import { defaultWatchOptions, MediaWatch } from "./media-watch.ts";
import { OutboundAudio } from "./outbound-audio.ts";
import { datagramKind, parseRtp, RtpPacket } from "./packet.ts";
import { maxRtcpBytes } from "./rtcp.ts";
import { defaultRtcpOptions, RtcpSession } from "./rtcp-session.ts";
import type { RtpStreamCounters, RtpStreamOptions, RtpStreamSink } from "./rtp-stream-contract.ts";
import { srtpRoomBytes } from "./srtp.ts";
import { SrtpLeg } from "./srtp-leg.ts";
import { dtmfKeys, TelephoneEventReceiver, TelephoneEventSender } from "./telephone-event.ts";
import type { RtpTimestamp } from "./wrap.ts";

/** Frames that ticks left out are brought after a stall of ours, so much of them at most. */
const maxOwedMs = 500;

/** RTP of one leg, without sockets: datagrams and ticks in, orders out through the sink. Times in monotonic ms. */
export class RtpStream {
  readonly inbound: InboundAudio;
  readonly outbound: OutboundAudio;
  readonly rtcp: RtcpSession;
  readonly latch: Latch;
  /** Frames of ticks that were left out are brought with the next one; false: one frame a tick, whatever happened. */
  bringsAll = false;
  readonly counters: RtpStreamCounters = {
    packets: 0,
    unparsable: 0,
    wrongPayloadType: 0,
    foreign: 0,
    unreadable: 0,
    rtcpFaults: 0,
  };
  readonly #sink: RtpStreamSink;
  readonly #packet = new RtpPacket();
  readonly #events: TelephoneEventReceiver;
  readonly #keysOut = new TelephoneEventSender();
  readonly #dedup = new DtmfDedup();
  readonly #watch: MediaWatch;
  readonly #srtp: SrtpLeg;
  readonly #rtcpBytes = new Uint8Array(maxRtcpBytes + srtpRoomBytes);
  #plan: MediaPlan;
  #rtcpTarget: RtpAddress | undefined;
  #rtcpTargetFor: RtpAddress | undefined;
  #started = false;
  #closed = false;
  #now = 0;
  /** When the next frame of the far end is due: on the grid of the ticks. */
  #frameDueAt = Number.POSITIVE_INFINITY;

  constructor(options: RtpStreamOptions, sink: RtpStreamSink, now: number) {
    const { inner, plan, ssrc, cname, wallOffsetMs, random } = options;
    this.#plan = plan;
    this.#sink = sink;
    this.#now = now;
    this.latch = new Latch(plan.remote);
    this.#watch = new MediaWatch(options.watch ?? defaultWatchOptions);
    const seed = Math.floor(random() * 0x100000000);
    const onInbandKey = (key: string): void => this.#key(key, "inband");
    this.inbound = new InboundAudio(inner, plan, { seed, onInbandKey, scaleBudget: options.scaleBudget });
    this.outbound = new OutboundAudio(inner, plan, options, (bytes, size, payloadBytes, timestamp) =>
      this.#send(bytes, size, payloadBytes, timestamp),
    );
    const { clockRateHz } = plan.codecs[0]!;
    this.rtcp = new RtcpSession({ ...defaultRtcpOptions, ssrc, cname, clockRateHz, wallOffsetMs, random }, now);
    this.#events = new TelephoneEventReceiver(clockRateHz);
    this.#srtp = new SrtpLeg(plan.srtp);
  }

  /** The call was answered; audio is due from here on. */
  answered(now: number): void {
    this.#watch.answered(now);
  }

  /** A re-INVITE was agreed on. */
  replan(plan: MediaPlan, now: number): void {
    this.#plan = plan;
    this.latch.resignal(plan.remote);
    this.inbound.replan(plan);
    this.outbound.replan(plan);
    this.rtcp.setClockRate(plan.codecs[0]!.clockRateHz);
    this.#watch.replanned(now);
    this.#srtp.replan(plan.srtp);
  }

  /** The inside speaks another format from now on; the plan is the present one with codecs that fit it. */
  setInner(inner: AudioFormat, plan: MediaPlan): void {
    this.#plan = plan;
    this.inbound.setInner(inner, plan);
    this.outbound.setInner(inner, plan);
  }

  /** A datagram from the RTP port; `bytes` may be changed. */
  datagram(bytes: Uint8Array, sizeBytes: number, address: string, port: number, now: number): void {
    this.#now = now;
    if (this.#closed) return;
    const kind = datagramKind(bytes, sizeBytes);
    if (kind === "rtcp") this.rtcpDatagram(bytes, sizeBytes, address, now);
    else if (kind === "rtp") this.#rtp(bytes, sizeBytes, address, port, now);
    else this.counters.foreign++;
  }

  #rtp(bytes: Uint8Array, sizeBytes: number, address: string, port: number, now: number): void {
    // Whoever merely shouts costs no cryptography.
    if (!this.latch.admits(address, port, now)) return;
    const size = this.#srtp.open(bytes, sizeBytes);
    if (size < 0) return;
    const packet = this.#packet;
    if (parseRtp(bytes, packet, size) !== undefined) {
      this.counters.unparsable++;
      return;
    }
    const event = this.#isEvent(packet.payloadType);
    if (event) this.inbound.pushEvent(packet, now);
    else if (!this.#audio(packet, now)) return;
    this.counters.packets++;
    this.#latched(this.latch.fits(address, port, now), address, port);
    this.rtcp.received(packet, now, !event);
    if (this.#watch.heard(now)) this.#sink.news({ type: "rtp-resumed" });
    if (event) this.#event(packet, now);
  }

  /** False: the packet is none of what was agreed on. */
  #audio(packet: RtpPacket, now: number): boolean {
    // With a tick overdue we were busy, and the packet may have waited for us since then.
    const verdict = this.inbound.push(packet, now, Math.min(now, this.#frameDueAt));
    if (verdict === "unknown") this.counters.wrongPayloadType++;
    if (verdict === "unreadable") this.counters.unreadable++;
    return verdict === "taken" || verdict === "dropped";
  }

  #latched(moved: boolean, address: string, port: number): void {
    if (!moved) return;
    this.#sink.news({ type: this.#started ? "address-changed" : "rtp-started", address, port });
    this.#started = true;
  }

  #isEvent(payloadType: number): boolean {
    const { events } = this.#plan;
    for (let i = 0; i < events.length; i++) if (events[i]!.payloadType === payloadType) return true;
    return false;
  }

  #event({ bytes, payloadType, payloadStart, payloadEnd, timestamp }: RtpPacket, now: number): void {
    const codec = this.#plan.events.find((event) => event.payloadType === payloadType)!;
    this.#events.setClockRate(codec.clockRateHz);
    const verdict = this.#events.handle(bytes, payloadStart, payloadEnd, timestamp, now);
    if (verdict === "key") this.#key(this.#events.key, "event");
    if (verdict === "malformed") this.counters.unreadable++;
  }

  #key(key: string, mode: DtmfMode): void {
    if (this.#dedup.accept(key, mode, this.#now)) this.#sink.key(key, mode);
  }

  /** A key that came by SIP INFO; told on unless another mode told of it. */
  infoKey(key: string, now: number): void {
    this.#now = now;
    if (key.length === 1 && dtmfKeys.includes(key)) this.#key(key, "info");
  }

  /** A datagram from the RTCP port, or one of RTCP from a shared port; `bytes` may be changed. */
  rtcpDatagram(bytes: Uint8Array, sizeBytes: number, address: string, now: number): void {
    if (this.#closed) return;
    // RTCP says nothing that a stranger should say; without a port of its own to check, the address must be the media's.
    if (this.latch.target !== undefined && this.latch.target.address !== address) {
      this.counters.foreign++;
      return;
    }
    const size = this.#srtp.openRtcp(bytes, sizeBytes);
    if (size < 0) return;
    const news = this.rtcp.handle(bytes.subarray(0, size), now);
    if (news === "bye") this.#sink.news({ type: "rtcp-bye" });
    else if (news !== "report" && news !== "nothing") this.counters.rtcpFaults++;
  }

  /** The network says nobody listens where we send. */
  unreachable(): void {
    this.#watch.unreachable();
  }

  /** Queues audio of the inner format; false: half a second waits already. */
  send(audio: Uint8Array): boolean {
    return !this.#closed && this.outbound.push(audio);
  }

  /** Queues keys to be sent as the plan says; false: they are no keys, too many, or go by the signalling. */
  press(keys: string): boolean {
    return !this.#closed && this.#plan.dtmfSend !== "info" && this.#keysOut.press(keys);
  }

  /** One tick of 20 ms: a frame in, a packet out, a report when it is due. */
  tick(now: number): void {
    this.#now = now;
    if (this.#closed) return;
    if (this.#started) this.#tickIn(now);
    this.#tickOut();
    if (now >= this.rtcp.deadline) this.#sendRtcp(this.rtcp.report(now, this.#rtcpBytes));
    const news = this.#watch.tick(now, this.#plan, this);
    if (news) this.#sink.news(news);
  }

  /** Brings this tick's frame; the far end did not pause while we could not look, so there may be more. */
  #tickIn(now: number): void {
    // A tick is never early, so the earliest ones show the grid.
    if (!this.bringsAll || this.#frameDueAt > now) this.#frameDueAt = now;
    if (now - this.#frameDueAt > maxOwedMs) this.#frameDueAt = now - maxOwedMs;
    for (; this.#frameDueAt <= now && !this.#closed; this.#frameDueAt += frameMs) {
      this.#sink.audio(this.inbound.tick(this.#frameDueAt));
    }
  }

  #tickOut(): void {
    const { outbound } = this;
    const keys = this.#keysOut;
    if (!sends(this.#plan) || this.latch.target === undefined) {
      outbound.skip();
      return;
    }
    if (keys.tick(outbound.timestamp, outbound.clockRateHz) !== "event") {
      outbound.tick();
      return;
    }
    const event = this.#eventCodec();
    if (this.#plan.dtmfSend === "event" && event !== undefined) {
      outbound.skip();
      for (let copy = 0; copy < keys.copies; copy++) {
        outbound.sendPayload(
          event.payloadType,
          keys.payload,
          keys.payload.length,
          keys.marker && copy === 0,
          keys.timestamp,
        );
      }
      return;
    }
    const { format } = this.#plan.codecs[0]!;
    outbound.tickPcm((pcm) => {
      writeDtmf(pcm, dtmfKeys[keys.payload[0]!]!, format.sampleRateHz, keys.tickOfKey * pcm.length);
    });
  }

  /** The event type in the clock of what we send (RFC 4733 §2.1), or any. */
  #eventCodec(): MediaPlan["events"][number] | undefined {
    const { events } = this.#plan;
    return events.find((event) => event.clockRateHz === this.outbound.clockRateHz) ?? events[0];
  }

  #send(bytes: Uint8Array, size: number, payloadBytes: number, timestamp: RtpTimestamp): void {
    const { target } = this.latch;
    if (target === undefined) return;
    const sizeBytes = this.#srtp.seal(bytes, size);
    if (sizeBytes < 0) return;
    this.rtcp.sent(payloadBytes, timestamp, this.#now);
    this.#sink.rtp(bytes, sizeBytes, target);
  }

  #sendRtcp(size: number): void {
    const target = this.#rtcpAddress();
    if (target === undefined) return;
    const sealed = this.#srtp.sealRtcp(this.#rtcpBytes, size);
    if (sealed >= 0) this.#sink.rtcp(this.#rtcpBytes, sealed, target);
  }

  #rtcpAddress(): RtpAddress | undefined {
    const { target } = this.latch;
    if (this.#plan.rtcpMux || target === undefined) return target;
    // The SDP's port counts only while the media are where the SDP says, too.
    if (this.#plan.remoteRtcp !== undefined && target === this.#plan.remote) return this.#plan.remoteRtcp;
    if (this.#rtcpTargetFor !== target) {
      this.#rtcpTargetFor = target;
      this.#rtcpTarget = { address: target.address, port: target.port + 1 };
    }
    return this.#rtcpTarget;
  }

  get wrongPayloadType(): number {
    return this.counters.wrongPayloadType;
  }

  get wrongSource(): number {
    return this.latch.counters.refused;
  }

  get notAuthentic(): number {
    return this.#srtp.authenticationFailures;
  }

  /** Says BYE and falls silent. Twice is fine. */
  close(now: number): void {
    if (this.#closed) return;
    this.#sendRtcp(this.rtcp.bye(now, this.#rtcpBytes));
    this.#closed = true;
  }
}
