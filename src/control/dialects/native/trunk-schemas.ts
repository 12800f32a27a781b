import { type Static, Type } from "@fastify/type-provider-typebox";
import type { TrunkView } from "../../service/trunks.ts";
import { Instant, nullable, strict, words } from "./shapes.ts";

type Media = TrunkView["media"];

/** Every word of a union, each once; a new one does not compile until it is here. */
const allOf = <Word extends string>(all: Record<Word, true>) => words(Object.keys(all) as Word[]);

const codec = allOf<Media["codecs"][number]>({ opus: true, g722: true, pcmu: true, pcma: true });
const user = Type.String({ minLength: 1, maxLength: 64, pattern: "^[!-~]+$" });
const uri = (description: string) => Type.String({ maxLength: 300, description });

const target = {
  uri: uri("`sip:host:port;transport=tcp`; without port and transport they are looked up (RFC 3263)."),
  priority: Type.Integer({ minimum: 0, maximum: 65_535, description: "Lower ones are tried first." }),
  weight: Type.Integer({ minimum: 0, maximum: 65_535, description: "Share of the calls within one priority." }),
};
const TargetInput = Type.Object(
  { uri: target.uri, ...Type.Partial(Type.Object({ priority: target.priority, weight: target.weight })).properties },
  strict,
);

const ruleText = Type.String({ pattern: "^\\+?[0-9*#]{0,24}$" });
const RuleBody = Type.Object({ match: ruleText, replace: ruleText }, strict);
const rules = Type.Array(RuleBody, {
  maxItems: 50,
  description: "The number's beginning `match` becomes `replace`; the first rule that fits is the one.",
});

const groups = {
  inbound: {
    sources: Type.Array(Type.String({ maxLength: 64 }), {
      maxItems: 100,
      description: "Addresses and blocks (203.0.113.0/24) its calls come from.",
    }),
    username: nullable(user),
  },
  outbound: {
    username: nullable(user),
    realm: nullable(Type.String({ minLength: 1, maxLength: 128, pattern: "^[ -~]+$" })),
  },
  media: {
    codecs: Type.Array(codec, { minItems: 1, maxItems: 4, description: "In the order of preference." }),
    preference: allOf<Media["preference"]>({ offered: true, ours: true }),
    srtp: allOf<Media["srtp"]>({ off: true, optional: true, required: true }),
    dtmf: allOf<Media["dtmf"]>({ auto: true, rfc4733: true, info: true, inband: true }),
    ptime_ms: Type.Unsafe<number>({ type: "integer", enum: [10, 20, 30, 40, 60] }),
  },
  rewriting: { inbound: rules, outbound: rules },
};
const register = {
  registrar: uri("SIP URI of the registrar."),
  aor: uri("SIP URI that is registered, with a user."),
  expires_s: Type.Integer({ minimum: 60, maximum: 86_400, default: 600 }),
};
const RegisterInput = nullable(
  Type.Object(
    { registrar: register.registrar, aor: register.aor, expires_s: Type.Optional(register.expires_s) },
    strict,
  ),
);
const name = Type.String({ minLength: 1, maxLength: 100, pattern: "^[^\\u0000-\\u001f\\u007f]+$" });

const members = {
  enabled: Type.Boolean({ description: "false: it is not registered, takes no calls and makes none." }),
  shared: Type.Boolean({
    description: "true: every organisation may call out over it; for the organisation that runs the gateway alone.",
  }),
  from_domain: nullable(Type.String({ maxLength: 255, description: "Host of From in calls we make." })),
  session_expires_s: Type.Integer({
    minimum: 0,
    maximum: 86_400,
    description: "Session timer (RFC 4028): at least 90; 0: none.",
  }),
  assert_identity: Type.Boolean({ description: "Send P-Asserted-Identity, and believe it." }),
  max_calls: Type.Integer({ minimum: 0, maximum: 100_000, description: "In and out together; 0: no limit." }),
  calls_per_second: Type.Integer({ minimum: 0, maximum: 10_000, description: "New calls; 0: no limit." }),
  probe_every_s: Type.Integer({
    minimum: 0,
    maximum: 3600,
    description: "OPTIONS to each target: at least 5; 0: none.",
  }),
  transfer: allOf<TrunkView["transfer"]>({ bridge: true, refer: true }),
  redirects: allOf<TrunkView["redirects"]>({ "own-hosts": true, any: true }),
  ring_timeout_ms: Type.Integer({ minimum: 5000, maximum: 300_000 }),
};

const partial = <Members extends Parameters<typeof Type.Object>[0]>(all: Members) =>
  Type.Partial(Type.Object(all), strict);
const inputs = partial({
  ...members,
  inbound: partial(groups.inbound),
  outbound: partial({ ...groups.outbound, targets: Type.Array(TargetInput, { maxItems: 20 }) }),
  register: RegisterInput,
  media: partial(groups.media),
  rewriting: partial(groups.rewriting),
  password: nullable(
    Type.String({
      minLength: 1,
      maxLength: 128,
      pattern: "^[^\\u0000-\\u001f\\u007f]*$",
      description: "For inbound.username, for challenges and for the registrar. Kept encrypted, never shown.",
    }),
  ),
}).properties;

export const CreateTrunkBody = Type.Object({ name, ...inputs }, strict);
export type CreateTrunkBody = Static<typeof CreateTrunkBody>;

export const ChangeTrunkBody = Type.Object({ name: Type.Optional(name), ...inputs }, strict);
export type ChangeTrunkBody = Static<typeof ChangeTrunkBody>;

const RegistrationBody = Type.Object(
  {
    state: allOf<NonNullable<TrunkView["registration"]>["state"]>({
      registering: true,
      registered: true,
      failed: true,
      unregistered: true,
    }),
    since: Instant,
    expires_at: nullable(Instant),
    last_error: nullable(Type.String()),
  },
  { description: "null: it does not register, or has not begun to." },
);
const TargetStateBody = Type.Object({
  uri: target.uri,
  state: allOf<TrunkView["targets"][number]["state"]>({ unknown: true, up: true, down: true }),
  last_ok_at: nullable(Instant),
  last_error: nullable(Type.String()),
});

export const TrunkBody = Type.Object({
  id: Type.String(),
  name,
  ...members,
  inbound: Type.Object(groups.inbound),
  outbound: Type.Object({ targets: Type.Array(Type.Object(target)), ...groups.outbound }),
  register: nullable(Type.Object(register)),
  media: Type.Object(groups.media),
  rewriting: Type.Object(groups.rewriting),
  has_password: Type.Boolean(),
  registration: nullable(RegistrationBody),
  targets: Type.Array(TargetStateBody, { description: "How the targets do now; the registrar, where none is set." }),
  calls_now: Type.Integer(),
  created_at: Instant,
  updated_at: Instant,
});
export type TrunkBody = Static<typeof TrunkBody>;
