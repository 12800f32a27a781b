import type { WebSocket } from "ws";
import type { Hop, SipTransport } from "../hop.ts";
import type { LocalAddress } from "../user-agent-types.ts";
import { ConnectionTable } from "./connection-table.ts";
import { addressTowards } from "./local-address.ts";
import { StreamTransport, type TlsOptions } from "./stream-transport.ts";
import type { ConnectionOptions, ListenAddress, TransportUser } from "./transport.ts";
import { UdpTransport } from "./udp-transport.ts";
import { type WebSocketOrigin, WebSocketTransport } from "./web-socket-transport.ts";

export interface TransportsOptions {
  readonly udp?: ListenAddress;
  readonly tcp?: ListenAddress;
  readonly tls?: ListenAddress & TlsOptions;
  /** Our address for the internet, when it is not that of an interface (behind a NAT). */
  readonly publicAddress?: string;
  readonly connections: ConnectionOptions;
}

const mostTries = 8;

/** All transports of one endpoint. */
export class Transports {
  readonly #options: TransportsOptions;
  readonly #table: ConnectionTable;
  readonly #webSockets: WebSocketTransport;
  readonly #tcp: StreamTransport;
  readonly #tls: StreamTransport;
  #udp: UdpTransport | undefined;

  private constructor(options: TransportsOptions, user: TransportUser) {
    const { connections, tls } = options;
    this.#options = options;
    this.#table = new ConnectionTable(connections);
    const parts = { user, table: this.#table, options: connections };
    this.#tcp = new StreamTransport("TCP", parts);
    this.#tls = new StreamTransport("TLS", { ...parts, tls });
    this.#webSockets = new WebSocketTransport(parts);
  }

  /** Opens what the options name; nothing stays open when one of them fails. */
  static async open(options: TransportsOptions, user: TransportUser): Promise<Transports> {
    // A port that UDP finds free may be somebody's in TCP; then another one is.
    const isAnyPort = options.udp?.port === 0 && options.tcp?.port === 0;
    for (let tries = 1; isAnyPort && tries < mostTries; tries++) {
      try {
        return await Transports.#openOnce(options, user);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      }
    }
    return Transports.#openOnce(options, user);
  }

  static async #openOnce(options: TransportsOptions, user: TransportUser): Promise<Transports> {
    const transports = new Transports(options, user);
    try {
      if (options.udp !== undefined) transports.#udp = await UdpTransport.open(options.udp, user);
      if (options.tcp !== undefined) {
        // The same port as UDP, also when that was free to choose.
        const port = options.tcp.port === 0 ? (transports.#udp?.address.port ?? 0) : options.tcp.port;
        await transports.#tcp.listen({ ...options.tcp, port });
      }
      if (options.tls !== undefined) await transports.#tls.listen(options.tls);
      return transports;
    } catch (error) {
      transports.close();
      throw error;
    }
  }

  /** Transports requests can be sent with. */
  get available(): readonly SipTransport[] {
    return this.#udp === undefined ? ["TCP", "TLS"] : ["UDP", "TCP", "TLS"];
  }

  /** Open connections. */
  get connections(): number {
    return this.#table.size;
  }

  /** Where a transport listens. */
  addressOf(transport: "UDP" | "TCP" | "TLS"): ListenAddress | undefined {
    if (transport === "UDP") return this.#udp?.address;
    return transport === "TCP" ? this.#tcp.address : this.#tls.address;
  }

  /** How the far end of a hop reaches us. */
  localAddress(hop: Hop): LocalAddress {
    const { transport } = hop;
    const bound = this.addressOf(transport === "WS" || transport === "WSS" ? "TCP" : transport) ?? this.#udp?.address;
    const isAny = bound === undefined || bound.address === "0.0.0.0" || bound.address === "::";
    const isAlsoPublic = (this.#options.publicAddress ?? "") !== "";
    const address = isAny || isAlsoPublic ? addressTowards(hop.address, this.#options.publicAddress) : bound.address;
    return { host: address.includes(":") ? `[${address}]` : address, port: bound?.port ?? 5060 };
  }

  send(bytes: Uint8Array, to: Hop, onError: () => void): void {
    switch (to.transport) {
      case "UDP":
        if (this.#udp === undefined) onError();
        else this.#udp.send(bytes, to, onError);
        return;
      case "TCP":
        this.#tcp.send(bytes, to, onError);
        return;
      case "TLS":
        this.#tls.send(bytes, to, onError);
        return;
      case "WS":
      case "WSS":
        this.#webSockets.send(bytes, to, onError);
        return;
    }
  }

  renewCertificate(parts: Pick<TlsOptions, "cert" | "key">): void {
    this.#tls.renewCertificate(parts);
  }

  acceptWebSocket(socket: WebSocket, origin: WebSocketOrigin): void {
    this.#webSockets.accept(socket, origin);
  }

  close(): void {
    this.#udp?.close();
    this.#tcp.close();
    this.#tls.close();
    this.#table.closeAll();
  }
}
