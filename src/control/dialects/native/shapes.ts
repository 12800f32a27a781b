/** Small shapes that the schemas of this API are made of. */
import { Type } from "@fastify/type-provider-typebox";

export {
  allNullable,
  e164Pattern,
  IdParams,
  Instant,
  instant,
  instantOrNull,
  nullable,
  textMap,
  words,
} from "../shapes.ts";

/** An object with these members and no others. */
export const strict = { additionalProperties: false } as const;

/** Who can be called. */
export const NumberOrExtension = Type.String({
  pattern: "^(\\+[1-9][0-9]{1,14}|[0-9]{2,6})$",
  description: "E.164, or a phone's extension.",
});
