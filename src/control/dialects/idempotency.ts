/** Requests that may be sent twice and are done once, in APIs whose documents do not speak of it. */
import { createHash } from "node:crypto";
import { Type } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";

export const IdempotencyHeaders = Type.Object({
  "idempotency-key": Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
});

/** What tells whether two requests with one key are the same: SHA-256 of the body, hex. */
export function hashOf(body: unknown): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}

/** Tells the client that a request was answered with what an earlier one had done. */
export function markReplay(reply: FastifyReply, isReplay: boolean): void {
  if (isReplay) reply.header("idempotent-replayed", "true");
}
