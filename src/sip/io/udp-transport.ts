import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { Hop } from "../hop.ts";
import type { ListenAddress, TransportUser } from "./transport.ts";

const bufferBytes = 4 * 1024 * 1024;

/** SIP over one UDP socket, in and out (RFC 3261 §18). */
export class UdpTransport {
  readonly #socket: Socket;
  readonly #user: TransportUser;
  /** Where it listens. */
  readonly address: ListenAddress;
  #isClosed = false;

  private constructor(socket: Socket, user: TransportUser) {
    this.#socket = socket;
    this.#user = user;
    const { address, port } = socket.address();
    this.address = { address, port };
    socket.on("message", (bytes, info) => this.#receive(bytes, info));
    // ICMP news about single packets; each `send` hears of its own failure.
    socket.on("error", () => undefined);
  }

  /** Opens a socket; port 0 takes a free one. */
  static async open(at: ListenAddress, user: TransportUser): Promise<UdpTransport> {
    const family = isIPv6(at.address) ? 6 : 4;
    // A hop's address is a number already: nothing is looked up for a message.
    const socket = createSocket({
      type: `udp${family}`,
      lookup: (hostname, _options, callback) => callback(null, hostname, family),
    });
    // It may listen before `bind` returns.
    const listening = once(socket, "listening");
    socket.bind(at.port, at.address);
    await listening;
    trySize(() => socket.setRecvBufferSize(bufferBytes));
    trySize(() => socket.setSendBufferSize(bufferBytes));
    return new UdpTransport(socket, user);
  }

  send(bytes: Uint8Array, to: Hop, onError: () => void): void {
    // A port may be anybody's word; for one that is none the system would throw.
    if (this.#isClosed || to.port < 1 || to.port > 65_535) {
      onError();
      return;
    }
    this.#socket.send(bytes, to.port, to.address, (error) => {
      if (error !== null) onError();
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  #receive(bytes: Buffer, { address, port }: RemoteInfo): void {
    // Line breaks and single zero bytes keep a NAT open and want no answer (RFC 5626 §3.5.2 leaves UDP to STUN).
    if (bytes.length <= 4) return;
    this.#user.onMessage(bytes, { transport: "UDP", address: plainAddress(address), port });
  }
}

/** An IPv4 address without the IPv6 prefix it has on a socket for both. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** The system's limit may be lower; then it stays as it is. */
function trySize(set: () => void): void {
  try {
    set();
  } catch {
    // A smaller buffer serves too.
  }
}
