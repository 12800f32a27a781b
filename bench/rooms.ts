/** Cost of calls that meet: one line a result, microseconds for 20 ms of all its legs, sockets left out. Run: npm run build && node dist/bench/rooms.js */
import { pathToFileURL } from "node:url";
import { pcmu8k } from "../src/codecs/format.ts";
import type { CallLeg } from "../src/media/leg.ts";
import { innerFormat } from "../src/media/rtp/io/rtp-leg.ts";
import type { RtpCodec } from "../src/media/rtp/media-plan.ts";
import { rtpHeaderBytes, writeRtpHeader } from "../src/media/rtp/packet.ts";
import { RtpStream } from "../src/media/rtp/rtp-stream.ts";
import { rtpTimestamp, seqNo } from "../src/media/rtp/wrap.ts";
import { CallLine } from "../src/media/talk/call-line.ts";
import { builtInMusic, ringback } from "../src/media/talk/room-sounds.ts";
import { Rooms } from "../src/media/talk/rooms.ts";
import { printCost } from "./report.ts";
import { away, planOf, voicePayload } from "./rtp-voice.ts";

const pcmu: RtpCodec = { payloadType: 0, format: pcmu8k, clockRateHz: 8000 };
/** As an exchange offers it: worked on at the model's rate. */
const opus: RtpCodec = { payloadType: 111, format: { encoding: "opus", sampleRateHz: 24_000 }, clockRateHz: 48_000 };

/** A call on RTP without its sockets: each tick a packet in, and what its line makes of it out. */
class BenchCall {
  readonly line: CallLine;
  packetsSent = 0;
  readonly #codec: RtpCodec;
  readonly #stream: RtpStream;
  readonly #payload: Uint8Array;
  readonly #datagram: Uint8Array;
  #count = 0;

  constructor(codec: RtpCodec, rooms: Rooms, echo = false) {
    this.#codec = codec;
    const inner = innerFormat(codec);
    const plan = planOf(codec);
    this.#stream = new RtpStream(
      {
        inner,
        plan,
        ssrc: 1,
        firstSeq: 0,
        firstTimestamp: 0,
        cname: "bench",
        wallOffsetMs: 0,
        random: Math.random,
      },
      {
        rtp: () => void this.packetsSent++,
        rtcp: () => {},
        audio: (frame) => this.line.fromLeg(frame),
        key: () => {},
        news: () => {},
      },
      0,
    );
    let format = inner;
    const leg: CallLeg = {
      get inbound() {
        return format;
      },
      get outbound() {
        return format;
      },
      // As the RTP leg does it.
      setRate: (sampleRateHz) => {
        if (codec.format.encoding !== "opus") return;
        format = { encoding: "l16", sampleRateHz };
        this.#stream.setInner(format, { ...plan, codecs: [{ ...codec, format: { encoding: "opus", sampleRateHz } }] });
      },
      capabilities: { clear: true, marks: false, dtmfOut: true },
      sendAudio: (payload) => this.#stream.send(payload),
      sendMark: () => {},
      clear: () => {},
      sendDtmf: () => false,
      close: () => {},
    };
    this.line = new CallLine({
      leg,
      rooms,
      recording: undefined,
      echo,
      stats: { framesIn: 0, framesOut: 0, underruns: 0, ignoredMessages: 0, faults: 0 },
      now: () => 0,
      begun: () => {},
      failed: (error) => {
        throw error;
      },
    });
    this.#payload = voicePayload(codec.format);
    this.#datagram = new Uint8Array(rtpHeaderBytes + this.#payload.length);
  }

  tick(): void {
    const count = this.#count++;
    const { payloadType, clockRateHz } = this.#codec;
    writeRtpHeader(this.#datagram, payloadType, false, seqNo(count), rtpTimestamp((count * clockRateHz) / 50), 2);
    this.#datagram.set(this.#payload, rtpHeaderBytes);
    this.#stream.datagram(this.#datagram, this.#datagram.length, away.address, away.port, count * 20);
    this.#stream.tick(count * 20);
  }
}

function benchEcho(name: string, codec: RtpCodec): void {
  const call = new BenchCall(codec, new Rooms({ music: builtInMusic, ringback }), true);
  printCost(`echo, ${name}`, () => call.tick());
  if (call.packetsSent === 0) throw new Error(`${name}: nothing came back`);
}

function benchRoom(name: string, codecs: readonly RtpCodec[], comparedWith?: string): void {
  const rooms = new Rooms({ music: builtInMusic, ringback });
  const calls = codecs.map((codec) => new BenchCall(codec, rooms));
  for (const { line } of calls) {
    line.enter("room");
    line.arrange("room", "absent");
  }
  printCost(
    name,
    () => {
      for (const call of calls) call.tick();
      rooms.tick();
    },
    comparedWith,
  );
  if (calls.some(({ packetsSent }) => packetsSent === 0)) throw new Error(`${name}: somebody hears nothing`);
}

/** Runs every measurement and prints it. */
export function benchRooms(): void {
  benchEcho("PCMU", pcmu);
  benchEcho("Opus", opus);
  benchRoom("bridge, PCMU and PCMU", [pcmu, pcmu], "rtpengine relay: 22 µs, sockets included");
  benchRoom("bridge, Opus and PCMU", [opus, pcmu], "rtpengine: 260–300 µs, sockets included");
  benchRoom("bridge, Opus and Opus", [opus, opus]);
  benchRoom("conference of 8, PCMU", new Array<RtpCodec>(8).fill(pcmu));
  benchRoom("conference of 8, half of them Opus", [opus, pcmu, opus, pcmu, opus, pcmu, opus, pcmu]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) benchRooms();
