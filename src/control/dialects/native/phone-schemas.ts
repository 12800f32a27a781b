import { type Static, Type } from "@fastify/type-provider-typebox";
import type { PhoneSettings } from "../../service/phones.ts";
import { Instant, nullable, strict, words } from "./shapes.ts";

const mayCall = Object.keys({ internal: true, any: true } satisfies Record<
  PhoneSettings["mayCall"],
  true
>) as PhoneSettings["mayCall"][];

const username = Type.String({
  pattern: "^[A-Za-z0-9._~-]{1,64}$",
  description: "What the telephone registers as; often its extension.",
});
const members = {
  number: nullable(
    Type.String({
      pattern: "^(\\+[1-9][0-9]{1,14}|[0-9]{2,6})$",
      description: "What is dialled to reach it: E.164, or an extension of 2–6 digits. null: nobody can dial it.",
    }),
  ),
  label: nullable(Type.String({ maxLength: 100 })),
  may_call: words(mayCall, { description: "`internal`: our own numbers and telephones only." }),
  enabled: Type.Boolean({ description: "false: it can neither register nor call." }),
};
const password = Type.String({
  maxLength: 128,
  pattern: "^[^\\u0000-\\u001f\\u007f]*$",
  description: "At least 8 characters. Kept encrypted, never shown again.",
});
const optionalMembers = Type.Partial(Type.Object({ ...members, password })).properties;

export const CreatePhoneBody = Type.Object({ username, ...optionalMembers }, strict);
export type CreatePhoneBody = Static<typeof CreatePhoneBody>;

export const ChangePhoneBody = Type.Object({ username: Type.Optional(username), ...optionalMembers }, strict);
export type ChangePhoneBody = Static<typeof ChangePhoneBody>;

const RegistrationBody = Type.Object({
  contact: Type.String({ description: "SIP URI the device is called at." }),
  user_agent: nullable(Type.String()),
  expires_at: Instant,
  transport: Type.String({ description: "UDP, TCP, TLS, WS or WSS." }),
  address: Type.String({ description: "Where it registered from, as we saw it: the device, its NAT or a proxy." }),
  port: Type.Integer(),
});

const phoneMembers = {
  id: Type.String(),
  username,
  ...members,
  registrations: Type.Array(RegistrationBody, { description: "Its devices that can be reached now, best first." }),
  created_at: Instant,
  updated_at: Instant,
};
export const PhoneBody = Type.Object(phoneMembers);
export type PhoneBody = Static<typeof PhoneBody>;

const shownPassword = Type.String({ description: "Made up by us. Shown here only." });
export const CreatedPhoneBody = Type.Object({ ...phoneMembers, password: Type.Optional(shownPassword) });
export const PasswordBody = Type.Object({ password: shownPassword });
