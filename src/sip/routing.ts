import { routeField } from "./headers/fields.ts";
import type { Hop, SipTransport } from "./hop.ts";
import { isReliable } from "./hop.ts";
import type { SipMessage, SipRequest } from "./message.ts";
import type { SipUri, Uri } from "./uri.ts";
import { isIpv4, isIpv6 } from "./uri-host.ts";

/** A question to the DNS. */
export type DnsQuery =
  | { readonly type: "naptr"; readonly name: string }
  | { readonly type: "srv"; readonly name: string }
  | { readonly type: "address"; readonly name: string };

/** Its answer; empty when there is none or the DNS failed. */
export type DnsAnswer =
  | { readonly type: "naptr"; readonly records: readonly NaptrRecord[] }
  | { readonly type: "srv"; readonly records: readonly SrvRecord[] }
  | { readonly type: "address"; readonly addresses: readonly string[] };

/** NAPTR (RFC 3403 §4.1), as far as RFC 3263 looks at it. */
export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly replacement: string;
}

/** SRV (RFC 2782). */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly name: string;
}

export interface LocateOptions {
  /** Transports we can send with. */
  readonly transports: readonly SipTransport[];
  /** A fraction from 0 to below 1, new each time: picks among SRV records by weight. */
  readonly random: () => number;
}

const services: Readonly<Record<string, SipTransport>> = {
  "SIP+D2U": "UDP",
  "SIP+D2T": "TCP",
  "SIPS+D2T": "TLS",
};
const prefixes = { UDP: "_sip._udp.", TCP: "_sip._tcp.", TLS: "_sips._tcp." } as const;
/** Most places one URI leads to. */
const maxHops = 12;

/** The URI that decides where a request goes next: its first loose Route, else its Request-URI (RFC 3261 §8.1.2). */
export function nextHopUri(request: SipRequest): Uri {
  const first = request.headers.first(routeField)?.uri;
  // A strict router stands in the Request-URI already (RFC 3261 §12.2.1.1).
  return first?.type === "sip" && first.params.has("lr") ? first : request.uri;
}

/** A numeric host without brackets; undefined for a name. */
export function numericHost(host: string): string | undefined {
  if (host.startsWith("[")) return host.slice(1, -1);
  return isIpv4(host) || isIpv6(host) ? host : undefined;
}

/** The one place a numeric URI leads to; undefined when the DNS must be asked. */
export function numericHop(uri: Uri): Hop | undefined {
  if (uri.type !== "sip") return undefined;
  const address = numericHost(uri.params.get("maddr") ?? uri.host);
  if (address === undefined) return undefined;
  const transport = explicitTransport(uri) ?? (uri.scheme === "sips" ? "TLS" : "UDP");
  return { transport, address, port: uri.port ?? defaultPort(transport) };
}

/** Where a URI leads, best first: asks the DNS step by step, without doing it itself (RFC 3263 §4). */
export function* locate(uri: Uri, options: LocateOptions): Generator<DnsQuery, readonly Hop[], DnsAnswer> {
  if (uri.type !== "sip") return [];
  const numeric = numericHop(uri);
  if (numeric !== undefined) return options.transports.includes(numeric.transport) ? [numeric] : [];
  const target = uri.params.get("maddr") ?? uri.host;
  const explicit = explicitTransport(uri);
  if (uri.port !== undefined) {
    const transport = explicit ?? (uri.scheme === "sips" ? "TLS" : "UDP");
    return usable(yield* addresses(target, transport, uri.port, target), options);
  }
  const choices = explicit === undefined ? yield* naptr(target, uri, options) : [srvOf(explicit, target)];
  const hops: Hop[] = [];
  for (const choice of choices) {
    if (choice === undefined || !options.transports.includes(choice.transport)) continue;
    const answer = yield { type: "srv", name: choice.name };
    if (answer.type !== "srv") continue;
    for (const { name, port } of orderSrv(answer.records, options.random)) {
      // "." says that the service is decidedly not there (RFC 2782).
      if (name === "." || name === "" || hops.length >= maxHops) continue;
      hops.push(...(yield* addresses(name, choice.transport, port, target)));
    }
  }
  if (hops.length > 0) return hops.slice(0, maxHops);
  const transport = explicit ?? (uri.scheme === "sips" ? "TLS" : "UDP");
  return usable(yield* addresses(target, transport, defaultPort(transport), target), options);
}

interface SrvChoice {
  readonly transport: SipTransport;
  readonly name: string;
}

/** The domain's own preference of transports, or all of ours (RFC 3263 §4.1). */
function* naptr(
  name: string,
  uri: SipUri,
  options: LocateOptions,
): Generator<DnsQuery, readonly SrvChoice[], DnsAnswer> {
  const answer = yield { type: "naptr", name };
  const isSecure = uri.scheme === "sips";
  const records = answer.type === "naptr" ? [...answer.records] : [];
  const found = records
    .sort((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(({ flags, service, replacement }): SrvChoice[] => {
      const transport = services[service.toUpperCase()];
      if (flags.toLowerCase() !== "s" || transport === undefined) return [];
      return isSecure && transport !== "TLS" ? [] : [{ transport, name: replacement }];
    });
  if (found.length > 0) return found.slice(0, 8);
  const tried = isSecure ? (["TLS"] as const) : (["UDP", "TCP", "TLS"] as const);
  return tried
    .filter((transport) => options.transports.includes(transport))
    .map((transport) => srvOf(transport, name)!);
}

function srvOf(transport: SipTransport, name: string): SrvChoice | undefined {
  if (transport !== "UDP" && transport !== "TCP" && transport !== "TLS") return undefined;
  return { transport, name: `${prefixes[transport]}${name}` };
}

function* addresses(
  name: string,
  transport: SipTransport,
  port: number,
  serverName: string,
): Generator<DnsQuery, readonly Hop[], DnsAnswer> {
  const numeric = numericHost(name);
  const answer: DnsAnswer =
    numeric === undefined ? yield { type: "address", name } : { type: "address", addresses: [numeric] };
  if (answer.type !== "address") return [];
  // The certificate is for the domain asked for, not for what the DNS made of it (RFC 5922 §4).
  const tls = transport === "TLS" ? { serverName } : {};
  return answer.addresses.map((address) => ({ transport, address, port, ...tls }));
}

/** By priority, and inside one by chance in the proportion of the weights (RFC 2782). */
function orderSrv(records: readonly SrvRecord[], random: () => number): readonly SrvRecord[] {
  const ordered: SrvRecord[] = [];
  const left = [...records].sort((a, b) => a.priority - b.priority).slice(0, 32);
  while (left.length > 0) {
    const { priority } = left[0]!;
    const group = left.filter((record) => record.priority === priority);
    const total = group.reduce((sum, { weight }) => sum + weight, 0);
    let rest = random() * total;
    const picked = group.find(({ weight }) => {
      rest -= weight;
      return rest < 0;
    });
    ordered.push(picked ?? group[0]!);
    left.splice(left.indexOf(picked ?? group[0]!), 1);
  }
  return ordered;
}

function usable(hops: readonly Hop[], { transports }: LocateOptions): readonly Hop[] {
  return hops.filter(({ transport }) => transports.includes(transport)).slice(0, maxHops);
}

function explicitTransport(uri: SipUri): SipTransport | undefined {
  const name = uri.params.get("transport")?.toUpperCase();
  if (name === undefined) return undefined;
  const isSecure = uri.scheme === "sips";
  if (name === "TCP") return isSecure ? "TLS" : "TCP";
  if (name === "WS") return isSecure ? "WSS" : "WS";
  return name === "UDP" || name === "TLS" || name === "WSS" ? name : undefined;
}

/** The port of a transport when none is written (RFC 3261 §18.1.1, RFC 7118). */
export function defaultPort(transport: SipTransport): number {
  if (transport === "TLS") return 5061;
  if (transport === "WS") return 80;
  return transport === "WSS" ? 443 : 5060;
}

/** A UDP request longer than this goes by TCP, when the path's MTU is unknown (RFC 3261 §18.1.1). */
export const maxUdpRequestBytes = 1300;

/** The places to try, TCP before UDP where the request is too long for UDP (RFC 3261 §18.1.1). */
export function preferStream(
  hops: readonly Hop[],
  sizeBytes: number,
  transports: readonly SipTransport[],
): readonly Hop[] {
  if (sizeBytes <= maxUdpRequestBytes || !transports.includes("TCP")) return hops;
  return hops.flatMap((hop) => (isReliable(hop.transport) ? [hop] : [{ ...hop, transport: "TCP" as const }, hop]));
}

/** About how long a message is on the wire, without writing it. Some bytes too many rather than too few. */
export function estimateSize(message: SipMessage): number {
  let size = 200 + message.body.length;
  for (const [name, value] of message.headers) size += name.length + value.length + 4;
  return size;
}
