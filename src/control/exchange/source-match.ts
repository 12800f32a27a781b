import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A block of addresses; an IPv4-mapped IPv6 block has become the IPv4 block it means (RFC 4291 §2.5.5.2). */
export interface Source {
  readonly network: Address;
  /** Leading bits that count: 0–32 or 0–128. */
  readonly prefixBits: number;
}

const mappedBits = 96;

/** Reads `192.0.2.0/24`, `192.0.2.7`, `2001:db8::/32`; undefined for anything else, names among it. */
export function parseSource(text: string): Source | undefined {
  const [address = "", bits, ...more] = text.split("/");
  const network = parseAddress(address);
  if (network === undefined || more.length > 0 || (bits !== undefined && !/^[0-9]{1,3}$/.test(bits))) return undefined;
  const widest = network.kind() === "ipv4" ? 32 : 128;
  const prefixBits = bits === undefined ? widest : Number(bits);
  if (prefixBits > widest) return undefined;
  if (network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress()) {
    return prefixBits < mappedBits
      ? undefined
      : { network: network.toIPv4Address(), prefixBits: prefixBits - mappedBits };
  }
  return { network, prefixBits };
}

/** One text for each block, however it was written: `10.1.2.3/8` and `::ffff:10.0.0.0/104` are `10.0.0.0/8`. */
export function writeSource({ network, prefixBits }: Source): string {
  const bytes = network.toByteArray();
  const kept = bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, prefixBits - index * 8))) & 0xff);
  return `${ipaddr.fromByteArray(kept).toString()}/${prefixBits}`;
}

/** Addresses whose answer is kept: who sends messages mostly sends many. */
const maxKnown = 1000;

/** Blocks and what each belongs to; the longest prefix wins, and of equal ones the one added first. */
export class SourceTable<T> {
  readonly #entries: { readonly source: Source; readonly value: T }[] = [];
  readonly #known = new Map<string, T | undefined>();

  add(source: Source, value: T): void {
    const before = this.#entries.findIndex((entry) => entry.source.prefixBits < source.prefixBits);
    this.#known.clear();
    this.#entries.splice(before < 0 ? this.#entries.length : before, 0, { source, value });
  }

  /** What the address (text, as a socket gives it) belongs to. */
  match(address: string): T | undefined {
    if (this.#known.has(address)) return this.#known.get(address);
    const plain = readPlain(address);
    const value = plain && this.#entries.find(({ source }) => contains(source, plain))?.value;
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(address, value);
    return value;
  }
}

function contains({ network, prefixBits }: Source, address: Address): boolean {
  return network.kind() === address.kind() && address.match(network, prefixBits);
}

/** An address as a socket gives it, in its one spelling: no zone, no IPv4 inside IPv6; undefined when it is none. */
export function plainAddress(text: string): string | undefined {
  return readPlain(text)?.toString();
}

function readPlain(text: string): Address | undefined {
  const read = parseAddress(text.split("%", 1)[0] ?? "");
  return read instanceof ipaddr.IPv6 && read.isIPv4MappedAddress() ? read.toIPv4Address() : read;
}

/** Four decimal parts or IPv6 without brackets and zone; other spellings of IPv4 are nobody's honest way to write one. */
function parseAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return !text.includes("%") && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}
