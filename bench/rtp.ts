/** Cost of the RTP media path: one line a result, microseconds. Run: npm run build && node dist/bench/rtp.js */
import { pathToFileURL } from "node:url";
import { type AudioFormat, g722at16k, l16at16k, l16at24k, pcma8k, pcmu8k } from "../src/codecs/format.ts";
import { JitterBuffer } from "../src/media/rtp/jitter-buffer.ts";
import type { MediaPlan, RtpCodec } from "../src/media/rtp/media-plan.ts";
import { parseRtp, RtpPacket, rtpHeaderBytes, writeRtpHeader } from "../src/media/rtp/packet.ts";
import { RtpStream } from "../src/media/rtp/rtp-stream.ts";
import type { RtpStreamSink } from "../src/media/rtp/rtp-stream-contract.ts";
import { makeSrtpKeys } from "../src/media/rtp/sdes.ts";
import { SrtpReceiver, SrtpSender, srtpRoomBytes } from "../src/media/rtp/srtp.ts";
import { type SrtpSuite, srtpShapes } from "../src/media/rtp/srtp-keys.ts";
import { rtpTimestamp, seqNo } from "../src/media/rtp/wrap.ts";
import { costUs } from "./report.ts";
import { away, planOf, voicePayload } from "./rtp-voice.ts";

const pcmu: RtpCodec = { payloadType: 0, format: pcmu8k, clockRateHz: 8000 };
const pcma: RtpCodec = { payloadType: 8, format: pcma8k, clockRateHz: 8000 };
const g722: RtpCodec = { payloadType: 9, format: g722at16k, clockRateHz: 8000 };
const opus: RtpCodec = { payloadType: 111, format: { encoding: "opus", sampleRateHz: 48_000 }, clockRateHz: 48_000 };
/** Opus works at any of its rates, whatever the far end's (RFC 7587 §4.1); the inside's own spares the resampling. */
const opus24k: RtpCodec = { ...opus, format: { encoding: "opus", sampleRateHz: 24_000 } };
const opus8k: RtpCodec = { ...opus, format: { encoding: "opus", sampleRateHz: 8000 } };

function report(name: string, microseconds: number, guide: string): void {
  console.log(`${name.padEnd(44)} ${microseconds.toFixed(2).padStart(8)} µs   ${guide}`);
}

/** One call in echo: each 20 ms a packet in, through the jitter buffer, and the frame out as a packet again. */
function benchEcho(name: string, codec: RtpCodec, inner: AudioFormat, guide: string, changes: Partial<MediaPlan> = {}) {
  let sentBytes = 0;
  const sink: RtpStreamSink = {
    rtp: (_bytes, sizeBytes) => {
      sentBytes += sizeBytes;
    },
    rtcp: () => {},
    audio: (frame) => void stream.send(frame),
    key: () => {},
    news: () => {},
  };
  const stream = new RtpStream(
    {
      inner,
      plan: planOf(codec, changes),
      ssrc: 1,
      firstSeq: 0,
      firstTimestamp: 0,
      cname: "bench",
      wallOffsetMs: 0,
      random: Math.random,
    },
    sink,
    0,
  );
  const payload = voicePayload(codec.format);
  const datagram = new Uint8Array(rtpHeaderBytes + payload.length + srtpRoomBytes);
  const far = changes.srtp && new SrtpSender(changes.srtp.receive);
  let count = 0;
  const work = () => {
    writeRtpHeader(datagram, codec.payloadType, false, seqNo(count), rtpTimestamp((count * codec.clockRateHz) / 50), 2);
    datagram.set(payload, rtpHeaderBytes);
    let size = rtpHeaderBytes + payload.length;
    if (far) size = far.protect(datagram, size) as number;
    stream.datagram(datagram, size, away.address, away.port, count * 20);
    stream.tick(count * 20);
    count++;
  };
  report(`echo, ${name}`, costUs(work), guide);
  if (sentBytes === 0 || stream.inbound.counters.concealed > 0) throw new Error(`${name}: the echo is not whole`);
}

function benchPieces(): void {
  const datagram = new Uint8Array(rtpHeaderBytes + 160);
  const packet = new RtpPacket();
  writeRtpHeader(datagram, 0, false, seqNo(1), rtpTimestamp(160), 7);
  const write = () => writeRtpHeader(datagram, 0, false, seqNo(1), rtpTimestamp(160), 7);
  report("write an RTP header", costUs(write), "guide: none");
  report(
    "parse an RTP packet",
    costUs(() => void parseRtp(datagram, packet)),
    "guide: none",
  );
  const jitter = new JitterBuffer(8000);
  let count = 0;
  const pushAndPull = () => {
    packet.seq = seqNo(count);
    packet.timestamp = rtpTimestamp(count * 160);
    jitter.push(packet, 160, count * 20);
    jitter.pull(count * 20);
    count++;
  };
  parseRtp(datagram, packet);
  report("jitter buffer, push and pull", costUs(pushAndPull), "guide: none");
}

function benchSrtp(suite: SrtpSuite): void {
  const keys = makeSrtpKeys(suite, (size) => Uint8Array.from({ length: size }, () => Math.random() * 256));
  let sender = new SrtpSender(keys);
  const datagram = new Uint8Array(rtpHeaderBytes + 160 + srtpRoomBytes);
  let count = 0;
  const protect = () => {
    writeRtpHeader(datagram, 0, false, seqNo(count), rtpTimestamp(count * 160), 7);
    count++;
    return sender.protect(datagram, rtpHeaderBytes + 160) as number;
  };
  const protectCost = costUs(protect);
  report(`SRTP ${suite}, protect`, protectCost, "guide: none");
  // Both sides count from the same packet on, or the rollover counter would differ (RFC 3711 §3.3.1).
  sender = new SrtpSender(keys);
  const receiver = new SrtpReceiver(keys);
  count = 0;
  const both = costUs(() => {
    if (typeof receiver.unprotect(datagram, protect()) === "string") throw new Error("not authentic");
  });
  report(`SRTP ${suite}, unprotect`, both - protectCost, "guide: none");
}

/** Runs every measurement and prints it. */
export function benchRtp(): void {
  benchPieces();
  benchEcho("PCMU untouched", pcmu, pcmu8k, "rtpengine relay: 22 µs a 20 ms of call, sockets included");
  benchEcho("PCMA, μ-law inside", pcma, pcmu8k, "guide: none");
  benchEcho("G.722, 16 kHz inside", g722, l16at16k, "guide: none");
  benchEcho("Opus, 24 kHz inside", opus, l16at24k, "guide: 62 µs for the codec alone");
  benchEcho("Opus at 24 kHz, 24 kHz inside", opus24k, l16at24k, "guide: none");
  benchEcho("Opus at 8 kHz, μ-law inside", opus8k, pcmu8k, "rtpengine: 260–300 µs a 20 ms of call");
  benchEcho("Opus, μ-law inside", opus, pcmu8k, "rtpengine: 260–300 µs a 20 ms of call");
  benchEcho("PCMU, keys looked for in the audio", pcmu, pcmu8k, "guide: none", { inbandDetection: true });
  const suites = Object.keys(srtpShapes) as SrtpSuite[];
  for (const suite of suites) benchSrtp(suite);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) benchRtp();
