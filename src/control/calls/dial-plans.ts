import { assertedIdentityField, type NameAddress } from "../../sip/headers/fields.ts";
import { SipHeaders } from "../../sip/headers/headers.ts";
import { noParams } from "../../sip/headers/params.ts";
import { type Authorize, defaultSessionOptions } from "../../sip/invite-session/types.ts";
import type { Binding } from "../../sip/registrar.ts";
import { makeSipUri, parseUri, type SipUri } from "../../sip/uri.ts";
import type { DialPlan, DialTarget } from "../exchange/dial-plan.ts";
import { rewriteNumber } from "../exchange/number-rewriting.ts";
import { routeTo } from "../exchange/phone-route.ts";
import type { Trunk, TrunkTarget } from "../exchange/trunk.ts";
import { sipMediaOptions, trunkMediaOptions } from "./sip-media.ts";

/** Who calls whom, and what goes along. */
export interface DialRequest {
  readonly from: string;
  readonly to: string;
  readonly ringTimeoutMs?: number;
  readonly metadata: Readonly<Record<string, string>>;
}

const phoneRingMs = 45_000;

/** Rings all devices of a phone at once. `host`: ours, as phones know it. */
export function phoneDial(request: DialRequest, bindings: readonly Binding[], host: string): DialPlan {
  const group = bindings.map((binding): DialTarget => routeTo(binding));
  return {
    groups: group.length === 0 ? [] : [group],
    from: address(request.from, { host }),
    to: address(request.to, { host }),
    headers: new SipHeaders(),
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
  const { rewriting, fromDomain, register, assertIdentity, media, sessionExpiresS, ringTimeoutMs } = trunk;
  const called = rewriteNumber(request.to, rewriting.outbound);
  const caller = rewriteNumber(request.from, rewriting.outbound);
  const hosts = targets.flatMap(({ uri }) => sipUri(uri) ?? []);
  const registered = register === null ? undefined : sipUri(register.aor);
  const home = fromDomain ?? registered?.host ?? hosts[0]?.host ?? "invalid";
  const from = address(caller, { host: home });
  const headers = new SipHeaders();
  if (assertIdentity) headers.put(assertedIdentityField, from);
  return {
    groups: targets.flatMap(({ uri }) => {
      const target = sipUri(uri);
      if (!target) return [];
      const { scheme, host, port, params } = target;
      const called_ = { ...makeSipUri({ scheme, user: called, host, port }), params };
      return [[{ uri: called_, authorize, reached: report(uri) }]];
    }),
    from,
    to: address(called, { host: hosts[0]?.host ?? home, port: hosts[0]?.port }),
    headers,
    sdp: trunkMediaOptions(media),
    dtmf: media.dtmf,
    sessionExpiresS,
    ringTimeoutMs: request.ringTimeoutMs ?? ringTimeoutMs,
  };
}

function address(user: string, at: { readonly host: string; readonly port?: number }): NameAddress {
  return { uri: makeSipUri({ user, ...at }), params: noParams };
}

function sipUri(text: string): SipUri | undefined {
  const uri = parseUri(text);
  return uri?.type === "sip" ? uri : undefined;
}
