import type { Hop } from "../hop.ts";

/** A local address to listen at; port 0 takes a free one. */
export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** Who hears of what a transport receives. */
export interface TransportUser {
  /** One message. The bytes are the receiver's to keep. */
  onMessage(bytes: Uint8Array, from: Hop): void;
  /** A connection is gone, and with it everything that was to go over it. */
  onConnectionClosed(connection: number): void;
}

/** Bounds of connections (TCP, TLS, WebSocket). */
export interface ConnectionOptions {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** Bytes that may wait to be sent; a far end that reads slower is dropped. */
  readonly maxQueuedBytes: number;
  readonly connectTimeoutMs: number;
  /** A new connection must bring a message within this time. */
  readonly firstMessageMs: number;
  /** A connection that is silent this long is closed; keep-alives count as a sign of life. */
  readonly idleMs: number;
  /** How often a connection we opened gets a keep-alive. */
  readonly pingMs: number;
}

export const defaultConnectionOptions = {
  maxConnections: 10_000,
  maxConnectionsPerAddress: 200,
  maxQueuedBytes: 256 * 1024,
  connectTimeoutMs: 5000,
  firstMessageMs: 30_000,
  idleMs: 900_000,
  pingMs: 100_000,
} as const satisfies ConnectionOptions;
