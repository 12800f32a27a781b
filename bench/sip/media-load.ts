/**
 * Entry of the bench's process of telephones: each sends a packet every 20 ms to wherever the gateway's first packet came
 * from, evenly staggered, and measures what it hears. Forked with its options as JSON.
 */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { performance } from "node:perf_hooks";
import { datagramKind, parseRtp, RtpPacket } from "../../src/media/rtp/packet.ts";
import { percentile } from "../report.ts";
import { LoadPhone, linePayloads } from "./load-phone.ts";
import type {
  LineFigures,
  MediaLoadAnswer,
  MediaLoadOptions,
  MediaLoadQuestion,
  PhoneLine,
  Spread,
} from "./media-load-protocol.ts";
import { droppedDatagrams } from "./process-figures.ts";

/** Sockets of a line: few, so that one read takes many packets. */
const socketsPerLine = 4;
const receiveBufferBytes = 4 * 1024 * 1024;
const slots = 20;
/** Longer than any jitter buffer holds a frame. */
const lastFramesMs = 500;

const { lines } = JSON.parse(process.argv[2] ?? "{}") as MediaLoadOptions;
const phones: LoadPhone[][] = lines.map(() => []);
/** Which phones send in which ms of the 20, with the socket they have. */
const wheel: { readonly phone: LoadPhone; readonly socket: Socket }[][] = Array.from({ length: slots }, () => []);
/** In ms; memory for ten minutes of packets would be too much, so later ones take the place of the first. */
const sendLateness = new Float64Array(1_000_000);
let sent = 0;
const packet = new RtpPacket();
let phoneCount = 0;
let measuredFrom = Number.POSITIVE_INFINITY;
let measuredTo = Number.POSITIVE_INFINITY;
let droppedBefore = 0;

const ports: number[][] = [];
for (const [index, line] of lines.entries()) {
  const payloads = linePayloads(line);
  const own: number[] = [];
  for (let i = 0; i < socketsPerLine; i++) own.push(await openPair(line, index, payloads));
  ports.push(own);
}
const allPorts = ports.flat();
process.on("message", (question: MediaLoadQuestion) => void handle(question));
process.on("disconnect", () => process.exit());
answer({ type: "ready", ports });
sendFrom(Math.floor(performance.now()) + 1);

/** Opens an RTP port and the RTCP port behind it, which only has to be there; returns the first. */
async function openPair(line: PhoneLine, index: number, payloads: readonly Uint8Array[]): Promise<number> {
  for (;;) {
    const rtp = await bind(0);
    const port = rtp?.address().port ?? 0;
    const rtcp = rtp && port % 2 === 0 ? await bind(port + 1) : undefined;
    if (rtp && rtcp) {
      rtcp.on("message", () => {});
      serve(rtp, line, index, payloads);
      return port;
    }
    rtp?.close();
  }
}

function bind(port: number): Promise<Socket | undefined> {
  const socket = createSocket({
    type: "udp4",
    recvBufferSize: receiveBufferBytes,
    lookup: (hostname, _options, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
  });
  return new Promise((resolve) => {
    socket.once("error", () => resolve(undefined));
    socket.bind(port, "127.0.0.1", () => {
      socket.removeAllListeners("error");
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

function serve(socket: Socket, line: PhoneLine, index: number, payloads: readonly Uint8Array[]): void {
  const byPort = new Map<number, LoadPhone>();
  socket.on("message", (bytes, { port }) => {
    const now = performance.now();
    if (datagramKind(bytes) !== "rtp" || parseRtp(bytes, packet) !== undefined) return;
    let phone = byPort.get(port);
    if (phone === undefined) {
      phone = new LoadPhone(line, phoneCount, port, payloads);
      byPort.set(port, phone);
      phones[index]?.push(phone);
      wheel[phoneCount % slots]?.push({ phone, socket });
      phoneCount++;
    }
    phone.heard(packet, now);
  });
}

/** Sends what is due from this ms on. Who is late sends everything that was due: a telephone would have. */
function sendFrom(start: number): void {
  let ms = start;
  for (; ms <= performance.now(); ms++) {
    for (const { phone, socket } of wheel[ms % slots] ?? []) {
      const now = performance.now();
      socket.send(phone.next(now), phone.remotePort, "127.0.0.1");
      if (now >= measuredFrom && now < measuredTo) sendLateness[sent++ % sendLateness.length] = now - ms;
    }
  }
  setTimeout(sendFrom, 1, ms);
}

async function handle(question: MediaLoadQuestion): Promise<void> {
  switch (question.type) {
    case "count":
      answer({ type: "count", phones: phoneCount });
      return;
    case "measure":
      droppedBefore = dropped();
      measuredFrom = performance.now();
      return;
    case "report":
      measuredTo = performance.now();
      for (const phone of phones.flat()) phone.listen();
      await new Promise((resolve) => setTimeout(resolve, lastFramesMs));
      answer(report(dropped() - droppedBefore));
  }
}

/** `lost`: datagrams the kernel dropped; counted before, for nothing is read while this works. */
function report(lost: number): MediaLoadAnswer {
  const load = { sendLatenessMs: spreadOf([...sendLateness.subarray(0, sent)]), dropped: lost };
  return { type: "report", lines: phones.map(figuresOf), load };
}

function dropped(): number {
  return allPorts.reduce((sum, port) => sum + droppedDatagrams(port, port), 0);
}

function figuresOf(line: readonly LoadPhone[]): LineFigures {
  const each = line.map(({ meter }) => meter.figures(measuredFrom, measuredTo));
  const sum = (of: (figures: (typeof each)[number]) => number) => each.reduce((total, one) => total + of(one), 0);
  return {
    phones: line.length,
    deaf: line.filter((phone) => !phone.hearsSomebody()).length,
    arrived: sum(({ arrived }) => arrived),
    lost: sum(({ lost }) => lost),
    duplicates: sum(({ duplicates }) => duplicates),
    latenessMs: spreadOf(each.flatMap(({ latenessMs }) => latenessMs)),
    framesSent: sum(({ framesSent }) => framesSent),
    framesBack: sum(({ framesBack }) => framesBack),
    foreignFrames: sum(({ foreignFrames }) => foreignFrames),
    turnaroundMs: spreadOf(each.flatMap(({ turnaroundMs }) => turnaroundMs)),
  };
}

function spreadOf(samples: readonly number[]): Spread {
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99), max: percentile(samples, 1) };
}

function answer(message: MediaLoadAnswer): void {
  process.send?.(message);
}
