import type { FastifyInstance } from "fastify";
import { GatewayError } from "../../kit/errors.ts";
import type { Services } from "../service/services.ts";
import { readRange } from "./byte-range.ts";

/** `GET /recordings/:callId`: the WAV behind a signed link, whole or in part, without a key. */
export function recordingRoute(app: FastifyInstance, { recordings, recordingLinks }: Services): void {
  app.get("/recordings/:callId", { exposeHeadRoute: false }, (request, reply) => {
    const { callId: id } = request.params as { callId: string };
    const { expires, signature } = request.query as Record<string, unknown>;
    if (typeof expires !== "string" || typeof signature !== "string") {
      throw new GatewayError("forbidden", "this link is not valid");
    }
    const callId = recordingLinks.open(id, expires, signature);
    const sizeBytes = recordings.sizeBytes(callId);
    if (sizeBytes === undefined) throw new GatewayError("not-found", "this recording is gone");
    reply
      .header("accept-ranges", "bytes")
      .header("content-disposition", `inline; filename="${callId}.wav"`)
      .type("audio/wav");
    const range = readRange(request.headers.range, sizeBytes);
    if (range === "unsatisfiable") {
      return reply.code(416).removeHeader("content-disposition").header("content-range", `bytes */${sizeBytes}`).send();
    }
    if (range === "whole") {
      return reply.header("content-length", sizeBytes).send(recordings.read(callId, 0, Math.max(0, sizeBytes - 1)));
    }
    return reply
      .code(206)
      .header("content-range", `bytes ${range.start}-${range.end}/${sizeBytes}`)
      .header("content-length", range.end - range.start + 1)
      .send(recordings.read(callId, range.start, range.end));
  });
}
