import { decodeG711, encodeG711, pcmuLaw } from "../../src/codecs/g711.ts";
import type { CallScript } from "./call-script.ts";
import type { BargeIn, PhoneEvent, PhoneMeasures } from "./phone-measures.ts";
import { SampleLog } from "./sample-log.ts";
import { ScriptPlayer } from "./script-player.ts";
import { isVoiced, SpeechMeter, type SpeechSpan, voicedPart } from "./speech-meter.ts";
import { PhonePlayout } from "./twilio-phone-playout.ts";

const slotMs = 20;
const slotSamples = 160;
const silentSlot = Buffer.alloc(slotSamples, 0xff).toString("base64");

/** An empty buffer is an underrun when more audio comes within this time. */
export const underrunWindowMs = 60;

/** Faults kept in full; more are only counted. */
const maxFaults = 50;

/** How the line behaves. */
export interface LineOptions {
  /** The network returns what the caller hears, later and softer (gain 0 to 1). */
  readonly echo?: { readonly delayMs: number; readonly gain: number } | undefined;
}

/** What the phone needs from outside: a way to send, and somebody to tell. */
export interface PhoneOutlet {
  send(message: string): void;
  event(event: PhoneEvent): void;
  hangUp(): void;
}

/** A call of a Twilio-style phone without its socket: messages and 20 ms slots go in, messages come out. */
export class TwilioPhoneCall {
  readonly #outlet: PhoneOutlet;
  readonly #streamSid: string;
  readonly #line: LineOptions;
  readonly #playout = new PhonePlayout();
  readonly #meter = new SpeechMeter();
  readonly #player: ScriptPlayer;
  readonly #heard = new SampleLog();
  readonly #said = new SampleLog();
  readonly #slotBytes = Buffer.alloc(slotSamples);
  readonly #slotHeard = new Int16Array(slotSamples);
  readonly #slotSaid = new Int16Array(slotSamples);
  readonly #callerSpeech: (SpeechSpan & { readonly label: string })[] = [];
  readonly #keys: { readonly atMs: number; readonly digit: string }[] = [];
  readonly #bargeIns: BargeIn[] = [];
  readonly #underruns: { readonly atMs: number; readonly gapMs: number }[] = [];
  readonly #faults: string[] = [];
  readonly #messages = { media: 0, mark: 0, clear: 0 };
  readonly #marks = { played: 0, flushed: 0 };
  #faultCount = 0;
  #sequence = 1;
  #chunk = 0;
  #firstAudioMs: number | undefined;
  /** When the buffer ran dry inside speech. */
  #dryAtMs: number | undefined;

  constructor(streamSid: string, script: CallScript, line: LineOptions, outlet: PhoneOutlet) {
    this.#streamSid = streamSid;
    this.#player = new ScriptPlayer(script);
    this.#line = line;
    this.#outlet = outlet;
  }

  /** Sends `connected` and `start`, as the carrier does once the socket is open. */
  open(callSid: string, parameters: Readonly<Record<string, string>>): void {
    this.#outlet.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
    this.#send("start", {
      start: {
        streamSid: this.#streamSid,
        accountSid: `AC${"0".repeat(32)}`,
        callSid,
        tracks: ["inbound"],
        customParameters: parameters,
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      },
    });
  }

  /** One message from the gateway at `nowMs` after the socket opened. */
  message(data: string | undefined, nowMs: number): void {
    if (data === undefined) {
      this.#fault(nowMs, "a binary message");
      return;
    }
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      this.#fault(nowMs, "a message that is no JSON");
      return;
    }
    if (typeof message !== "object" || message === null) {
      this.#fault(nowMs, "a message that is no object");
      return;
    }
    const { event, streamSid, media, mark } = message as Record<string, unknown>;
    if (streamSid !== this.#streamSid) this.#fault(nowMs, "a message with another streamSid");
    else if (event === "media") this.#media(textField(media, "payload"), nowMs);
    else if (event === "mark") this.#mark(textField(mark, "name"), nowMs);
    else if (event === "clear") this.#clear(nowMs);
    else this.#fault(nowMs, `an unknown event ${JSON.stringify(event)?.slice(0, 40)}`);
  }

  /** The next 20 ms: plays, listens, speaks. `index` counts from the opening of the socket. */
  slot(index: number): void {
    const nowMs = index * slotMs;
    for (const name of this.#playout.takePlayedMarks()) this.#returnMark(name, "played");
    this.#listen(nowMs);
    this.#speak(nowMs);
  }

  /** The call is over: closes what is open. */
  finish(): void {
    const wasSpeaking = this.#meter.speakingSinceMs !== undefined;
    this.#meter.finish();
    const span = this.#meter.spans.at(-1);
    if (wasSpeaking && span) this.#outlet.event({ type: "agent-ended", span });
    this.#settleBargeIns(Number.POSITIVE_INFINITY);
  }

  /** Sends the carrier's goodbye. */
  stop(callSid: string): void {
    this.#send("stop", { stop: { accountSid: `AC${"0".repeat(32)}`, callSid } });
  }

  /** What the caller heard from the opening of the socket on. Int16Array, mono, 8 kHz. */
  get heard(): Int16Array {
    return this.#heard.samples;
  }

  /** What the phone sent, in step with `heard`. Int16Array, mono, 8 kHz. */
  get said(): Int16Array {
    return this.#said.samples;
  }

  get measures(): PhoneMeasures {
    return {
      firstAudioMs: this.#firstAudioMs,
      firstSpeechMs: this.#meter.spans[0]?.startMs ?? this.#meter.speakingSinceMs,
      agentSpeech: this.#meter.spans,
      callerSpeech: this.#callerSpeech,
      keys: this.#keys,
      bargeIns: this.#bargeIns,
      underruns: this.#underruns,
      maxBufferedMs: this.#playout.maxBufferedMs,
      messages: this.#messages,
      marks: this.#marks,
      faultCount: this.#faultCount,
      faults: this.#faults,
    };
  }

  #media(payload: string | undefined, nowMs: number): void {
    this.#messages.media += 1;
    if (payload === undefined || payload === "") {
      this.#fault(nowMs, "media without a payload");
      return;
    }
    const audio = Buffer.from(payload, "base64");
    if (audio.length !== Math.floor((payload.replace(/=+$/, "").length * 3) / 4))
      this.#fault(nowMs, "media that is no base64");
    if (audio.length >= 4 && audio.toString("latin1", 0, 4) === "RIFF") this.#fault(nowMs, "media with a WAV header");
    if (this.#firstAudioMs === undefined) {
      this.#firstAudioMs = nowMs;
      this.#outlet.event({ type: "first-audio", atMs: nowMs });
    }
    if (this.#dryAtMs !== undefined) {
      const gapMs = nowMs - this.#dryAtMs;
      if (gapMs <= underrunWindowMs && gapMs > 0) {
        this.#underruns.push({ atMs: this.#dryAtMs, gapMs });
        this.#outlet.event({ type: "underrun", atMs: this.#dryAtMs, gapMs });
      }
      this.#dryAtMs = undefined;
    }
    this.#playout.push(audio);
  }

  #mark(name: string | undefined, nowMs: number): void {
    this.#messages.mark += 1;
    if (name === undefined) {
      this.#fault(nowMs, "a mark without a name");
      return;
    }
    this.#playout.mark(name);
    if (this.#playout.bufferedMs === 0)
      for (const played of this.#playout.takePlayedMarks()) this.#returnMark(played, "played");
  }

  #clear(nowMs: number): void {
    this.#messages.clear += 1;
    this.#dryAtMs = undefined;
    for (const bargeIn of this.#bargeIns) if (bargeIn.onsetMs <= nowMs) bargeIn.clearedMs ??= nowMs;
    this.#outlet.event({ type: "clear", atMs: nowMs, droppedMs: this.#playout.bufferedMs });
    for (const name of this.#playout.clear()) this.#returnMark(name, "flushed");
  }

  #returnMark(name: string, why: "played" | "flushed"): void {
    this.#marks[why] += 1;
    this.#send("mark", { mark: { name } });
  }

  #listen(nowMs: number): void {
    const played = this.#playout.pull(this.#slotBytes);
    decodeG711(pcmuLaw, this.#slotBytes, this.#slotHeard);
    this.#heard.push(this.#slotHeard);
    const endMs = nowMs + slotMs;
    const lastVoicedMs = this.#meter.voicedUntilMs ?? Number.NEGATIVE_INFINITY;
    const change = this.#meter.push(this.#slotHeard, nowMs, endMs);
    if (change === "began") this.#outlet.event({ type: "agent-began", atMs: nowMs });
    if (change === "ended") this.#outlet.event({ type: "agent-ended", span: this.#meter.spans.at(-1)! });
    const endedDry = this.#playout.bufferedMs === 0 && played > 0;
    const voiced = played > 0 && (isVoiced(this.#slotHeard, 0, played) || nowMs - lastVoicedMs <= slotMs);
    if (endedDry && voiced) this.#dryAtMs = nowMs + played / 8;
    this.#settleBargeIns(endMs);
  }

  /** A barge-in is settled when the agent's speech that it cut has ended. */
  #settleBargeIns(nowMs: number): void {
    for (const bargeIn of this.#bargeIns) {
      if (bargeIn.silentMs !== undefined || bargeIn.onsetMs > nowMs) continue;
      const span = this.#meter.spans.findLast(
        ({ startMs, endMs }) => startMs <= bargeIn.onsetMs && endMs >= bargeIn.onsetMs,
      );
      if (span) bargeIn.silentMs = span.endMs;
    }
  }

  #speak(nowMs: number): void {
    const act = this.#player.slot(nowMs, this.#meter, this.#slotSaid);
    if (act.began) this.#callerBegan(act.began.clip.label, act.began.clip.samples, act.began.bargeIn, nowMs);
    const { echo } = this.#line;
    if (echo) this.#heard.mixDelayed(this.#slotSaid, echo.delayMs * 8 + slotSamples, echo.gain);
    this.#said.push(this.#slotSaid);
    this.#chunk += 1;
    const timestamp = String(nowMs);
    const payload = this.#encodeSlot();
    this.#outlet.send(
      `{"event":"media","sequenceNumber":"${this.#nextSequence()}","streamSid":"${this.#streamSid}",` +
        `"media":{"track":"inbound","chunk":"${this.#chunk}","timestamp":"${timestamp}","payload":"${payload}"}}`,
    );
    if (act.ended) {
      const span = this.#callerSpeech.at(-1);
      if (span?.label === act.ended.label) this.#outlet.event({ type: "caller-ended", span, label: span.label });
    }
    if (act.digit !== undefined) {
      this.#keys.push({ atMs: nowMs, digit: act.digit });
      this.#outlet.event({ type: "key", atMs: nowMs, digit: act.digit });
      this.#send("dtmf", { dtmf: { track: "inbound_track", digit: act.digit } });
    }
    if (act.fault !== undefined) this.#fault(nowMs, act.fault);
    if (act.hangUp) this.#outlet.hangUp();
  }

  #callerBegan(label: string, samples: Int16Array, bargeIn: boolean, nowMs: number): void {
    const voiced = voicedPart(samples);
    if (!voiced) return;
    const span = { label, startMs: nowMs + voiced.startMs, endMs: nowMs + voiced.endMs };
    this.#callerSpeech.push(span);
    this.#outlet.event({ type: "caller-began", atMs: span.startMs, label, bargeIn });
    if (bargeIn) this.#bargeIns.push({ onsetMs: span.startMs, clearedMs: undefined, silentMs: undefined });
  }

  #encodeSlot(): string {
    if (this.#slotSaid.every((sample) => sample === 0)) return silentSlot;
    encodeG711(pcmuLaw, this.#slotSaid, this.#slotBytes);
    return this.#slotBytes.toString("base64");
  }

  #send(event: string, body: Readonly<Record<string, unknown>>): void {
    const sequenceNumber = String(this.#nextSequence());
    this.#outlet.send(JSON.stringify({ event, sequenceNumber, streamSid: this.#streamSid, ...body }));
  }

  #nextSequence(): number {
    const sequence = this.#sequence;
    this.#sequence += 1;
    return sequence;
  }

  #fault(atMs: number, text: string): void {
    this.#faultCount += 1;
    if (this.#faults.length < maxFaults) this.#faults.push(`${Math.round(atMs)} ms: ${text}`);
    this.#outlet.event({ type: "fault", atMs, text });
  }
}

function textField(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const field = (value as Record<string, unknown>)[name];
  return typeof field === "string" ? field : undefined;
}
