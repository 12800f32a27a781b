/** What a trunk's settings mean for the sockets: what to register, what to probe, whom to look up. */
import type { NameAddress } from "../../sip/headers/fields.ts";
import type { Authorize } from "../../sip/invite-session/types.ts";
import { defaultRegistration, type RegistrationOptions } from "../../sip/registration-client.ts";
import { makeSipUri, parseUri, type SipUri } from "../../sip/uri.ts";
import type { Trunk, TrunkRecord, TrunkTarget } from "./trunk.ts";

/** A registration a trunk is to have; another `key` means other settings. */
export interface WantedRegistration {
  readonly key: string;
  readonly options: RegistrationOptions;
}

/** A target that is asked with OPTIONS whether it is there. */
export interface ProbedTarget {
  readonly trunkId: string;
  /** As it stands in the trunk's settings. */
  readonly target: string;
  readonly uri: SipUri;
  readonly from: NameAddress;
  readonly everyMs: number;
}

/** A trunk is of no use while it is not registered, so it waits less than a telephone would. */
const mostRetryMs = 120_000;

/** The registration a trunk wants; undefined: none. */
export function wantedRegistration(
  { trunk, password, contactUser }: TrunkRecord,
  authorize: Authorize | undefined,
): WantedRegistration | undefined {
  const { register, outbound } = trunk;
  const [registrar, uri] = [sipUri(register?.registrar), sipUri(register?.aor)];
  if (register === null || registrar === undefined || uri === undefined) return undefined;
  return {
    key: JSON.stringify([register, outbound.username, outbound.realm, password, contactUser]),
    options: {
      ...defaultRegistration,
      registrar,
      address: { uri, params: new Map() },
      expiresS: register.expiresS,
      mostRetryMs,
      contactUser,
      authorize,
    },
  };
}

/** The probes a trunk wants. */
export function wantedProbes(trunk: Trunk, targets: readonly TrunkTarget[]): readonly ProbedTarget[] {
  if (trunk.probeEveryS === 0) return [];
  const everyMs = trunk.probeEveryS * 1000;
  return targets.flatMap(({ uri: target }) => {
    const uri = sipUri(target);
    if (uri === undefined) return [];
    const from = sipUri(trunk.register?.aor) ?? makeSipUri({ user: "tandem", host: trunk.fromDomain ?? uri.host });
    return [{ trunkId: trunk.id, target, uri, from: { uri: from, params: new Map() }, everyMs }];
  });
}

/** Registrar and targets. */
export function farEndUris(trunk: Trunk): readonly SipUri[] {
  const texts = [trunk.register?.registrar, ...trunk.outbound.targets.map(({ uri }) => uri)];
  return texts.map(sipUri).filter((uri) => uri !== undefined);
}

function sipUri(text: string | undefined): SipUri | undefined {
  const uri = text === undefined ? undefined : parseUri(text);
  return uri?.type === "sip" ? uri : undefined;
}
