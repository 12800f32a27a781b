import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, parseCallId } from "../../../kit/ids.ts";
import type { RecordingFiles } from "../../store/recordings.ts";
import type { ServiceDeps } from "../deps.ts";
import type { Call } from "./kept-call.ts";

/** How long a link to a recording works. */
export const linkLifetimeMs = 3_600_000;

/** Links to recordings that work for whoever has them, until they expire. */
export interface RecordingLinks {
  /** A link to a call's recording; `expiresAt` is wall ms. Refuses with not-found when there is none (yet). */
  create(call: Pick<Call, "id" | "recording">): { url: string; expiresAt: number };
  /** The call a link opens; refuses with forbidden when it is not ours, gone when it has expired. */
  open(callId: string, expires: string, signature: string): CallId;
}

export function createRecordingLinks(
  { secrets, clock }: Pick<ServiceDeps, "secrets" | "clock">,
  recordings: RecordingFiles,
  publicUrl: string,
): RecordingLinks {
  return {
    create: (call) => {
      if (call.recording === null || recordings.sizeBytes(call.id) === undefined) {
        throw new GatewayError("not-found", "this call has no recording");
      }
      // Whole seconds, as they stand in the link.
      const expires = Math.ceil((clock.wall() + linkLifetimeMs) / 1000);
      const signature = secrets.signLink(`${call.id}.${expires}`);
      const url = `${publicUrl}/recordings/${call.id}?expires=${expires}&signature=${signature}`;
      return { url, expiresAt: expires * 1000 };
    },
    open: (id, expires, signature) => {
      const callId = parseCallId(id);
      if (!callId || !/^[0-9]{1,12}$/.test(expires) || !secrets.linkMatches(`${callId}.${expires}`, signature)) {
        throw new GatewayError("forbidden", "this link is not valid");
      }
      if (Number(expires) * 1000 <= clock.wall()) throw new GatewayError("gone", "this link has expired");
      return callId;
    },
  };
}
