/** Entry of a media process: carrier sockets, conversations, AI sessions; one tick for all of them. */
import { Server, Socket } from "node:net";
import { readConfig } from "../config.ts";
import { systemClock } from "../kit/io/system-clock.ts";
import { createLogger } from "../kit/log.ts";
import { createMetrics } from "../kit/metrics.ts";
import type { MediaCommand, MediaEvent } from "./protocol.ts";
import { startMediaPlane } from "./talk/io/media-plane.ts";

const config = readConfig(process.env);
const log = createLogger(config.logLevel, `media-${process.env.TANDEM_PROCESS_ID ?? "0"}`);
const metrics = createMetrics();

/** Events the control plane has not taken yet; past this it is gone or stuck, and so is this process's purpose. */
const maxQueuedEvents = 10_000;
let queuedEvents = 0;

/** `written`: called when it is on its way, and everything before it too. */
function send(event: MediaEvent, written: () => void = () => {}): void {
  if (!process.connected) return;
  if (++queuedEvents > maxQueuedEvents) {
    log.fatal("the control plane does not read; this process ends");
    process.exit(1);
  }
  process.send?.(event, undefined, undefined, () => {
    queuedEvents--;
    written();
  });
}

/** An equal part of the RTP ports for each process, so that no two try the same one. */
function shareOfPorts(): { firstPort: number; lastPort: number } {
  const { first, last } = config.rtpPorts;
  const share = Math.floor((last - first + 1) / config.mediaProcesses / 2) * 2;
  const firstPort = first + share * Number(process.env.TANDEM_PROCESS_ID ?? "0");
  return { firstPort, lastPort: firstPort + share - 1 };
}

/** The `ws` engine cannot share a port among processes: its sockets are accepted by the parent and come by IPC. */
const sharedServer = config.wsEngine === "ws" ? new Server() : undefined;
const starting = startMediaPlane({
  ws: { engine: config.wsEngine, ...config.mediaWs, sharedServer, idleTimeoutMs: config.mediaIdleMs },
  rtpPorts: shareOfPorts(),
  noRtpMs: config.noRtpMs,
  maxCalls: config.maxCallsPerProcess,
  holdMusic: config.holdMusic,
  providers: config,
  clock: systemClock,
  log,
  metrics,
  report: (event) => send(event),
});
// Without the control plane nobody knows these calls any more; it may be gone before we are ready.
process.once("disconnect", () => {
  void starting.then((started) => started.close()).then(() => process.exit(0));
});
if (!process.connected) process.exit(0);
const plane = await starting;
process.on("message", (command, handle) => {
  if (handle instanceof Socket) sharedServer?.emit("connection", handle);
  else if (handle === undefined) plane.command(command as MediaCommand);
});
// A terminal's Ctrl-C reaches the whole process group; the control plane alone decides when calls end.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
send({ type: "ready", pid: process.pid, wsPort: plane.port, wsEngine: plane.engine });
void plane.drained.then(() => {
  // A disconnect overtakes what is not written yet, and that may be the end of a call.
  send({ type: "drained" }, () => {
    if (process.connected) process.disconnect?.();
  });
});
