import type { Hop } from "../hop.ts";

/** One open connection, whatever carries it. */
export interface Connection {
  /** The far end, with this connection's number. */
  readonly hop: Hop;
  /** False when it cannot be sent: too much waits, or it is gone. */
  write(bytes: Uint8Array): boolean;
  close(): void;
}

/** All connections by number and by far end. */
export class ConnectionTable {
  readonly #byId = new Map<number, Connection>();
  readonly #byHop = new Map<string, Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #limits: { readonly maxConnections: number; readonly maxConnectionsPerAddress: number };
  #nextId = 1;

  constructor(limits: { readonly maxConnections: number; readonly maxConnectionsPerAddress: number }) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byId.size;
  }

  makeId(): number {
    return this.#nextId++;
  }

  /** True when one more connection with this far end is allowed. */
  hasRoomFor(address: string): boolean {
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    return this.#byId.size < maxConnections && (this.#perAddress.get(address) ?? 0) < maxConnectionsPerAddress;
  }

  add(connection: Connection): void {
    const { hop } = connection;
    this.#byId.set(hop.connection!, connection);
    this.#byHop.set(hopKey(hop), connection);
    this.#perAddress.set(hop.address, (this.#perAddress.get(hop.address) ?? 0) + 1);
  }

  remove(connection: Connection): boolean {
    const { hop } = connection;
    if (!this.#byId.delete(hop.connection!)) return false;
    if (this.#byHop.get(hopKey(hop)) === connection) this.#byHop.delete(hopKey(hop));
    const left = (this.#perAddress.get(hop.address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(hop.address);
    else this.#perAddress.set(hop.address, left);
    return true;
  }

  /** The connection a hop names, or one that is open to its address. */
  find(hop: Hop): Connection | undefined {
    const named = hop.connection === undefined ? undefined : this.#byId.get(hop.connection);
    return named ?? this.#byHop.get(hopKey(hop));
  }

  closeAll(): void {
    for (const connection of [...this.#byId.values()]) connection.close();
  }
}

function hopKey({ transport, address, port, serverName }: Hop): string {
  return `${transport} ${address} ${port} ${serverName ?? ""}`;
}
