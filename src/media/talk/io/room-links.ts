import { createSocket, type Socket } from "node:dgram";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { MediaCommand, MediaEvent } from "../../protocol.ts";
import { LinkSeat } from "../link-seat.ts";
import type { RoomLink, Rooms } from "../rooms.ts";

export interface RoomLinksOptions {
  readonly rooms: Rooms;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly report: (event: MediaEvent) => void;
}

/** Media processes are all of one machine. */
const loopback = "127.0.0.1";

interface OpenLink {
  readonly linkId: string;
  readonly roomId: string;
  readonly socket: Socket;
  readonly seat: LinkSeat;
  readonly link: RoomLink;
  isConnected: boolean;
}

/**
 * The links of a media process's rooms with the rooms of others: a UDP socket on loopback each, whose packets bear a secret,
 * for anybody on the machine may send there.
 */
export class RoomLinks {
  readonly #options: RoomLinksOptions;
  readonly #links = new Map<string, OpenLink>();

  constructor(options: RoomLinksOptions) {
    this.#options = options;
  }

  /** Takes a port, told by `link-opened`; `link-closed` when there is none. */
  open({ linkId, roomId, token }: Extract<MediaCommand, { type: "open-link" }>): void {
    const { rooms, metrics, report } = this.#options;
    if (this.#links.has(linkId)) return;
    const socket = createSocket({
      type: "udp4",
      // The address is a number already; a look-up would put the connection off.
      lookup: (hostname, _options, callback) => callback(null, hostname, 4),
    });
    const seat = new LinkSeat(Buffer.from(token, "hex"), (packet) => {
      if (link.isConnected) socket.send(packet);
    });
    const link: OpenLink = {
      linkId,
      roomId,
      socket,
      seat,
      link: {
        party: seat,
        failed: (error) => this.#failed(link, error),
        closed: () => this.#lost(link, "empty"),
      },
      isConnected: false,
    };
    this.#links.set(linkId, link);
    rooms.link(roomId, link.link);
    socket.on("message", (packet) => {
      if (!seat.packet(packet)) metrics.ignoredMessages.inc({ source: "room-link" });
    });
    let isBound = false;
    // A packet that cannot be sent is lost, be it that the other side is gone: who knows of both closes this one.
    socket.on("error", (error) => {
      if (!isBound) this.#failed(link, error);
    });
    socket.bind({ port: 0, address: loopback, exclusive: true }, () => {
      isBound = true;
      report({ type: "link-opened", linkId, port: socket.address().port });
    });
  }

  /** The other side's port is known: audio flows. */
  connect({ linkId, port }: Extract<MediaCommand, { type: "connect-link" }>): void {
    const link = this.#links.get(linkId);
    if (!link || link.isConnected) return;
    link.socket.once("connect", () => {
      link.isConnected = this.#links.has(linkId);
    });
    link.socket.connect(port, loopback);
  }

  /** Closes a link without a word. Twice is fine. */
  close(linkId: string): void {
    const link = this.#links.get(linkId);
    if (!link) return;
    this.#links.delete(linkId);
    this.#options.rooms.unlink(link.roomId, link.link);
    link.isConnected = false;
    link.socket.close();
    const { roomId, seat } = link;
    this.#options.log.debug({ linkId, roomId, ...seat.frames.counters }, "room link closed");
  }

  closeAll(): void {
    for (const linkId of [...this.#links.keys()]) this.close(linkId);
  }

  #failed(link: OpenLink, error: unknown): void {
    const { linkId, roomId } = link;
    this.#options.metrics.errors.inc({ kind: "room-link" });
    this.#options.log.error({ err: error, linkId, roomId }, "a room's link with another media process is lost");
    this.#lost(link, "failed");
  }

  #lost({ linkId }: OpenLink, reason: "empty" | "failed"): void {
    if (!this.#links.has(linkId)) return;
    this.close(linkId);
    this.#options.report({ type: "link-closed", linkId, reason });
  }
}
