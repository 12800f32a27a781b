import type { NameAddress } from "../../sip/headers/fields.ts";
import { noParams } from "../../sip/headers/params.ts";
import { type Authorize, defaultSessionOptions } from "../../sip/invite-session/types.ts";
import type { Binding } from "../../sip/registrar.ts";
import { makeSipUri, parseUri, type SipUri } from "../../sip/uri.ts";
import { sameHost } from "../../sip/uri-equality.ts";
import type { DialPlan, DialTarget } from "../exchange/dial-plan.ts";
import { rewriteNumber } from "../exchange/number-rewriting.ts";
import { outgoingHeaders, withheldCaller } from "../exchange/outgoing-headers.ts";
import { addressFor, routeTo } from "../exchange/phone-route.ts";
import type { Trunk, TrunkTarget } from "../exchange/trunk.ts";
import { sipMediaOptions, trunkMediaOptions } from "./sip-media.ts";

/** Who calls whom, and what goes along. */
export interface DialRequest {
  /** "": the caller wants to stay unknown. */
  readonly from: string;
  readonly to: string;
  readonly ringTimeoutMs?: number;
  readonly metadata: Readonly<Record<string, string>>;
}

const phoneRingMs = 45_000;

/** Rings all devices of a phone at once. */
export function phoneDial(request: DialRequest, bindings: readonly Binding[]): DialPlan {
  const group = bindings.map((binding): DialTarget => routeTo(binding));
  const [first] = bindings;
  const of = (user: string): NameAddress => named(first ? addressFor(first, user) : makeSipUri({ user, host }));
  const isWithheld = request.from === "";
  return {
    groups: group.length === 0 ? [] : [group],
    nowhere: "the telephone is not registered",
    from: isWithheld ? withheldCaller : of(request.from),
    to: of(request.to),
    headers: outgoingHeaders({ metadata: request.metadata, isWithheld }),
    sdp: sipMediaOptions,
    dtmf: "auto",
    sessionExpiresS: defaultSessionOptions.sessionExpiresS,
    ringTimeoutMs: request.ringTimeoutMs ?? phoneRingMs,
  };
}

/** Tries a trunk's targets one after the other. `report`: told whether a target works. */
export function trunkDial(
  request: DialRequest,
  trunk: Trunk,
  targets: readonly TrunkTarget[],
  authorize: Authorize | undefined,
  report: (uri: string) => (isReached: boolean) => void,
): DialPlan {
  const { rewriting, fromDomain, register, assertIdentity, media, sessionExpiresS, redirects, ringTimeoutMs } = trunk;
  const isWithheld = request.from === "";
  const called = rewriteNumber(request.to, rewriting.outbound);
  const first = targets.flatMap(({ uri }) => sipUri(uri) ?? [])[0];
  const registered = register === null ? undefined : sipUri(register.aor);
  const home = fromDomain ?? registered?.host ?? first?.host ?? host;
  const caller = makeSipUri({ user: rewriteNumber(request.from, rewriting.outbound), host: home });
  return {
    groups: targets.flatMap(({ uri }) => {
      const target = sipUri(uri);
      return target ? [[{ uri: withUser(target, called), authorize, reached: report(uri) }]] : [];
    }),
    from: isWithheld ? withheldCaller : named(caller),
    to: named(first ? withUser({ ...first, params: noParams }, called) : makeSipUri({ user: called, host: home })),
    headers: outgoingHeaders({
      metadata: request.metadata,
      assert: assertIdentity && !isWithheld ? caller : undefined,
      isWithheld,
    }),
    sdp: trunkMediaOptions(media),
    dtmf: media.dtmf,
    sessionExpiresS,
    ringTimeoutMs: request.ringTimeoutMs ?? ringTimeoutMs,
    mayRedirectTo: redirects === "any" ? undefined : atHostsOf([...targets.map(({ uri }) => uri), register?.registrar]),
  };
}

/** Whether a URI is at one of the servers: any number and port there, and by no way around (`maddr`, RFC 3261 §19.1.1). */
function atHostsOf(servers: readonly (string | undefined)[]): (uri: SipUri) => boolean {
  const hosts = servers.flatMap((uri) => (uri === undefined ? [] : (sipUri(uri)?.host ?? [])));
  return (uri) =>
    [uri.host, uri.params.get("maddr") ?? uri.host].every((one) => hosts.some((own) => sameHost(one, own)));
}

/** Stands where no far end is known that a host could be taken from. */
const host = "tandem.invalid";

function named(uri: SipUri): NameAddress {
  return { uri, params: noParams };
}

function withUser({ scheme, host: at, port, params }: SipUri, user: string): SipUri {
  return { ...makeSipUri({ scheme, user, host: at, port }), params };
}

function sipUri(text: string): SipUri | undefined {
  const uri = parseUri(text);
  return uri?.type === "sip" ? uri : undefined;
}
