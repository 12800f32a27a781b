/** What a trunk's settings must obey beyond their shape. Field paths are in inner words. */
import { GatewayError } from "../../kit/errors.ts";
import { firstOrgId, type OrgId } from "../../kit/ids.ts";
import { parseUri, type SipUri } from "../../sip/uri.ts";
import { isHost } from "../../sip/uri-host.ts";
import { parseSource, writeSource } from "../exchange/source-match.ts";
import type { Trunk, TrunkSettings } from "../exchange/trunk.ts";

/** Wider blocks would let in whole continents; a carrier names its own. */
const leastPrefixBits = { ipv4: 8, ipv6: 16 } as const;
const transports: ReadonlySet<string> = new Set(["udp", "tcp", "tls"]);

/** Throws a `GatewayError` naming the first field that is wrong. `others`: all trunks but this one. */
export function checkTrunk(trunk: Omit<Trunk, "id">, hasPassword: boolean, others: readonly Trunk[]): void {
  const { inbound, outbound, register, fromDomain, media, orgId } = trunk;
  if (trunk.name.startsWith("trunk_")) throw invalid("must not begin like an id", "name");
  if (trunk.shared && orgId !== firstOrgId) {
    throw new GatewayError("forbidden", "only the organisation that runs the gateway shares its trunks", "shared");
  }
  inbound.sources.forEach((text, index) => {
    checkSource(text, `inbound.sources[${index}]`, others, orgId);
  });
  outbound.targets.forEach(({ uri }, index) => {
    const field = `outbound.targets[${index}].uri`;
    checkServer(uri, field);
    if (outbound.targets.findIndex((one) => one.uri === uri) < index) throw invalid("is there twice", field);
  });
  if (register !== null) {
    checkServer(register.registrar, "register.registrar");
    const aor = parseUri(register.aor);
    if (!isPlainSip(aor) || aor.rawUser === undefined || aor.params.size > 0) {
      throw invalid("must be like sip:user@example.com", "register.aor");
    }
  }
  if (fromDomain !== null && !isHost(fromDomain)) throw invalid("must be a host name or address", "fromDomain");
  checkOrNone(trunk.sessionExpiresS, 90, "sessionExpiresS");
  checkOrNone(trunk.probeEveryS, 5, "probeEveryS");
  if (new Set(media.codecs).size < media.codecs.length) throw invalid("names a codec twice", "media.codecs");
  checkPassword(trunk, hasPassword);
  const sameUser = others.find((other) => other.inbound.username === inbound.username);
  if (inbound.username !== null && sameUser) {
    throw new GatewayError("conflict", `${nameFor(orgId, sameUser)} has this user name`, "inbound.username");
  }
  const isReachable = inbound.sources.length > 0 || inbound.username !== null;
  if (!isReachable && outbound.targets.length === 0 && register === null) {
    throw invalid("a trunk needs inbound.sources, inbound.username, outbound.targets or register", "inbound");
  }
}

function checkOrNone(seconds: number, least: number, field: string): void {
  if (seconds !== 0 && seconds < least) throw invalid(`must be 0 or at least ${least}`, field);
}

function checkPassword({ inbound, outbound }: TrunkSettings, hasPassword: boolean): void {
  if (hasPassword) return;
  if (inbound.username !== null) throw invalid("is needed to check inbound.username", "password");
  if (outbound.username !== null) throw invalid("is needed beside outbound.username", "password");
}

/** Other organisations' trunks are not told by name. */
function nameFor(orgId: OrgId, trunk: Trunk): string {
  return trunk.orgId === orgId ? `the trunk ${trunk.name}` : "another trunk";
}

function checkSource(text: string, field: string, others: readonly Trunk[], orgId: OrgId): void {
  const source = parseSource(text);
  if (source === undefined) {
    throw invalid("must be an address or a block like 203.0.113.0/24; names are not looked up", field);
  }
  const least = leastPrefixBits[source.network.kind()];
  if (source.prefixBits < least) throw invalid(`is wider than /${least}`, field);
  const block = writeSource(source);
  const same = others.find(({ inbound }) => inbound.sources.some((one) => blockOf(one) === block));
  if (same) throw new GatewayError("conflict", `${nameFor(orgId, same)} has this block`, field);
}

function blockOf(text: string): string | undefined {
  const source = parseSource(text);
  return source && writeSource(source);
}

/** A server: no user, nothing that only makes sense in a call. */
function checkServer(text: string, field: string): void {
  const uri = parseUri(text);
  const transport = isPlainSip(uri) ? uri.params.get("transport") : undefined;
  const isKnown = transport === undefined || transports.has(transport.toLowerCase());
  const others = isPlainSip(uri) ? [...uri.params.keys()].filter((name) => name !== "transport") : [];
  if (!isPlainSip(uri) || uri.rawUser !== undefined || !isKnown || others.length > 0) {
    throw invalid("must be like sip:example.com:5060;transport=tcp (udp, tcp or tls), without a user", field);
  }
}

function isPlainSip(uri: ReturnType<typeof parseUri>): uri is SipUri {
  return uri?.type === "sip" && uri.rawPassword === undefined && uri.rawHeaders === undefined;
}

function invalid(message: string, field: string): GatewayError {
  return new GatewayError("invalid-request", message, field);
}
