/** Shapes that all of AgentCall's nouns are made of. */
import { type TSchema, Type } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import { spokenLanguages } from "../../service/agents/spoken-language.ts";
import { type VoiceId, voices } from "../../service/agents/voices.ts";
import type { Page, PageRequest } from "../../service/page.ts";
import { e164Pattern, nullable, readCursor, words, writeCursor } from "../shapes.ts";

export { IdParams } from "../shapes.ts";

export const E164Text = Type.String({ pattern: e164Pattern, description: "E.164: +14155551234." });

/** One of our numbers; which, the service finds out. */
export const OwnNumber = Type.String({
  minLength: 1,
  maxLength: 100,
  description: "A number of yours, by its id (num_…) or in E.164.",
});

export const NumberIdParams = Type.Object({ numberId: Type.String() });

const voiceIds: readonly VoiceId[] = voices.map(({ id }) => id);
/** One of the ten voices. */
export const VoiceWord = words(voiceIds);
export const LanguageWord = words(spokenLanguages, { description: "auto: the language of the other person." });

/** Members of a query that pick a page. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: "nextCursor of the page before." })),
};

/** The shape of a list. */
export function listOf<Item extends TSchema>(item: Item) {
  return Type.Object({ data: Type.Array(item), hasMore: Type.Boolean(), nextCursor: nullable(Type.String()) });
}

export function readPage({ limit = 20, cursor }: { limit?: number; cursor?: string }): PageRequest {
  return { limit, after: cursor === undefined ? undefined : readCursor(cursor) };
}

export function renderPage<T, Wire>({ data, next }: Page<T>, render: (item: T) => Wire) {
  return { data: data.map(render), hasMore: next !== undefined, nextCursor: next ? writeCursor(next) : null };
}

/** Dollars on the wire, whole micro-dollars inside. */
export function dollars(micros: number): number {
  return micros / 1_000_000;
}

/** Seconds on the wire, ms inside. */
export function seconds(ms: number): number {
  return Math.round(ms / 1000);
}

/** An answer that may be nothing: Fastify would send no JSON at all. */
export function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
}

/** Tells the client that a request was answered with what an earlier one had done. */
export function markReplay(reply: FastifyReply, isReplay: boolean): void {
  if (isReplay) reply.header("X-AgentCall-Idempotency-Replayed", "true");
}

/** A key that names a request. */
export const IdempotencyKey = Type.String({ minLength: 1, maxLength: 200 });
