import type { FastifyReply } from "fastify";

/** Aborts when the client has hung up. */
export function untilGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}
