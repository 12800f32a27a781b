import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { RtpAddress } from "../latching.ts";
import type { PortPool } from "../port-pool.ts";

/** Pairs tried when others use ports of our range. */
const maxAttempts = 16;
/** Room for 200 ms of a call's packets in a busy moment. */
const receiveBufferBytes = 64 * 1024;

/** Views of packets kept for a leg. */
const maxViews = 8;

/** Who hears what arrives. Views are valid only during the call. */
export interface RtpSocketEvents {
  /** A datagram at the RTP port (with rtcp-mux also RTCP). */
  rtp(bytes: Uint8Array, address: string, port: number): void;
  rtcp(bytes: Uint8Array, address: string, port: number): void;
  /** The system says nobody listens where we sent. */
  unreachable(): void;
}

/** The two sockets of one leg. */
export interface RtpSocketPair {
  /** The even port; RTCP's is the next. */
  readonly port: number;
  /** Sends the first `sizeBytes` of `bytes`; what cannot be sent is lost, as on any network. */
  sendRtp(bytes: Uint8Array, sizeBytes: number, to: RtpAddress): void;
  sendRtcp(bytes: Uint8Array, sizeBytes: number, to: RtpAddress): void;
  /** Closes both and gives the ports back. Twice is fine. */
  close(): void;
}

/** What opening needs. */
export interface RtpSocketOptions {
  /** Local IP to bind. */
  readonly address: string;
  readonly ports: PortPool;
  /** Monotonic ms. */
  readonly now: () => number;
  /** RTCP shares the RTP port, so the odd one stays closed. */
  readonly rtcpMux: boolean;
}

/** Opens a pair from the pool; throws when no port is to be had. */
export async function openRtpSockets(options: RtpSocketOptions, events: RtpSocketEvents): Promise<RtpSocketPair> {
  const { address, ports, now, rtcpMux } = options;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const port = ports.take(now());
    if (port === undefined) throw new Error("RTP: all ports are in use or resting");
    const rtp = await bind(address, port);
    const rtcp = rtp === undefined || rtcpMux ? undefined : await bind(address, port + 1);
    if (rtp !== undefined && (rtcpMux || rtcp !== undefined)) {
      return wire(port, rtp, rtcp, events, () => ports.release(port, now()));
    }
    rtp?.close();
    ports.release(port, now());
  }
  throw new Error("RTP: other programs use the ports of the range");
}

/** A bound socket, or undefined when the port is taken. */
function bind(address: string, port: number): Promise<Socket | undefined> {
  const family = isIPv6(address) ? 6 : 4;
  const socket = createSocket({
    type: `udp${family}`,
    recvBufferSize: receiveBufferBytes,
    // Addresses are numbers already; a look-up would put off every send, and the buffer could change meanwhile.
    lookup: (hostname, _options, callback) => callback(null, hostname, family),
  });
  return new Promise((resolve, reject) => {
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close();
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    socket.bind(port, address, () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

function wire(
  port: number,
  rtp: Socket,
  rtcp: Socket | undefined,
  events: RtpSocketEvents,
  release: () => void,
): RtpSocketPair {
  let open = true;
  rtp.on("message", (bytes, from) => events.rtp(bytes, from.address, from.port));
  rtcp?.on("message", (bytes, from) => events.rtcp(bytes, from.address, from.port));
  for (const socket of [rtp, rtcp]) {
    socket?.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") events.unreachable();
    });
  }
  const views = new PacketViews();
  const send = (socket: Socket, bytes: Uint8Array, sizeBytes: number, to: RtpAddress) => {
    // Ports come from outside, and the one above 65535 is none; the system would throw, in everybody's tick.
    if (open && to.port > 0 && to.port <= 65_535) socket.send(views.of(bytes, sizeBytes), to.port, to.address);
  };
  return {
    port,
    sendRtp: (bytes, sizeBytes, to) => send(rtp, bytes, sizeBytes, to),
    sendRtcp: (bytes, sizeBytes, to) => send(rtcp ?? rtp, bytes, sizeBytes, to),
    close() {
      if (!open) return;
      open = false;
      rtp.close();
      rtcp?.close();
      release();
    },
  };
}

/** Views of a leg's few packet buffers, whose packets mostly have one size: nothing is made for each packet. */
class PacketViews {
  readonly #views: Uint8Array[] = [];
  #next = 0;

  /** The first `sizeBytes` of `bytes`. */
  of(bytes: Uint8Array, sizeBytes: number): Uint8Array {
    const views = this.#views;
    for (let i = 0; i < views.length; i++) {
      const view = views[i]!;
      if (view.length === sizeBytes && view.byteOffset === bytes.byteOffset && view.buffer === bytes.buffer)
        return view;
    }
    const view = bytes.subarray(0, sizeBytes);
    views[this.#next] = view;
    this.#next = (this.#next + 1) % maxViews;
    return view;
  }
}
