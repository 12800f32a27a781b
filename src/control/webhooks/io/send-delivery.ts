import { type GuardedHttp, GuardedHttpError } from "../../../kit/io/guarded-http.ts";

/** One attempt: where to, what, and how long it may take. */
export interface DeliveryRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly allowPrivate: boolean;
  readonly signal: AbortSignal;
}

/** What came of an attempt: the receiver's status, or null and why there is none. */
export type DeliveryAnswer =
  | { readonly status: number; readonly error: string | null }
  | { readonly status: null; readonly error: string };

/** Most of an answer's body that is read, so that its connection can be used again; nobody looks at it. */
const maxBodyBytes = 65_536;

/** POSTs one delivery; never rejects. A redirect is not followed: the event is for this receiver and no other. */
export async function sendDelivery(http: GuardedHttp, request: DeliveryRequest): Promise<DeliveryAnswer> {
  const { url, ...options } = request;
  try {
    const response = await http.stream(url, {
      ...options,
      method: "POST",
      idleTimeoutMs: request.timeoutMs,
      // The status decides; what follows it is bounded below.
      maxResponseBytes: Number.POSITIVE_INFINITY,
      maxRedirects: 0,
    });
    let receivedBytes = 0;
    try {
      // Left before its end, the body is dropped and its connection with it.
      for await (const chunk of response.body) {
        receivedBytes += chunk.byteLength;
        if (receivedBytes > maxBodyBytes) break;
      }
    } catch {
      // It has answered; how its body ended changes nothing.
    }
    const { status } = response;
    return { status, error: status >= 200 && status < 300 ? null : `the receiver answered ${status}` };
  } catch (error) {
    if (error instanceof GuardedHttpError) return { status: null, error: explanation(error) };
    return { status: null, error: "the request could not be sent" };
  }
}

function explanation(error: GuardedHttpError): string {
  return error.kind === "too-many-redirects" ? "the receiver answered with a redirect" : error.message;
}
