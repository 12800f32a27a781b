/**
 * The part of uWebSockets.js 20 we use, declared here so that the project builds where the optional package is absent.
 * Buffers given to callbacks are neutered when the callback returns.
 */
import { createRequire } from "node:module";

/** Valid from `open` until `close` was called; any later use throws. */
export interface UwsSocket<Data> {
  /** 1: handed to the kernel, 0: waits in user space, 2: dropped for `maxBackpressure`. Copies what it cannot write. */
  send(message: string | Uint8Array, isBinary: boolean, compress: boolean): number;
  getBufferedAmount(): number;
  ping(): number;
  /** Sends a close frame; calls `close` of the behavior before it returns. */
  end(code: number, reason: string): void;
  /** Cuts the connection; calls `close` of the behavior before it returns. */
  close(): void;
  getUserData(): Data;
}

export interface UwsResponse {
  writeStatus(status: string): UwsResponse;
  end(body: string, closeConnection: boolean): UwsResponse;
  upgrade<Data>(data: Data, key: string, protocol: string, extensions: string, context: UwsContext): void;
  getRemoteAddress(): ArrayBuffer;
  getRemoteAddressAsText(): ArrayBuffer;
}

/** Valid only during the callback. */
export interface UwsRequest {
  getUrl(): string;
  /** "" when the header is absent; `name` in lower case. */
  getHeader(name: string): string;
}

declare const opaque: unique symbol;
export interface UwsContext {
  readonly [opaque]: "context";
}
export interface UwsListenToken {
  readonly [opaque]: "listen";
}

export interface UwsBehavior<Data> {
  readonly compression: number;
  readonly maxPayloadLength: number;
  /** Bytes; 0: no limit. */
  readonly maxBackpressure: number;
  /** Seconds, 9–960. */
  readonly idleTimeout: number;
  readonly sendPingsAutomatically: boolean;
  upgrade(response: UwsResponse, request: UwsRequest, context: UwsContext): void;
  open(socket: UwsSocket<Data>): void;
  message(socket: UwsSocket<Data>, message: ArrayBuffer, isBinary: boolean): void;
  ping(socket: UwsSocket<Data>): void;
  pong(socket: UwsSocket<Data>): void;
  close(socket: UwsSocket<Data>, code: number): void;
}

export interface UwsApp {
  ws<Data>(pattern: string, behavior: UwsBehavior<Data>): UwsApp;
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  listen(host: string, port: number, callback: (token: UwsListenToken | false) => void): UwsApp;
}

export interface Uws {
  App(): UwsApp;
  us_listen_socket_close(token: UwsListenToken): void;
  us_socket_local_port(token: UwsListenToken): number;
  readonly DISABLED: number;
}

/**
 * The native uWebSockets.js, or undefined where the package or its binary for this platform and Node version is missing.
 * The binary is required by its file name: the package's own entry would print a warning and hand out a replacement in
 * plain JavaScript that has no upgrade handler.
 */
export function loadUws(): Uws | undefined {
  const binary = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
  try {
    return createRequire(import.meta.url)(`uWebSockets.js/binaries/${binary}`) as Uws;
  } catch {
    return undefined;
  }
}
