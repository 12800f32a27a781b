/** A parsed JSON answer. */
export type Json = Readonly<Record<string, unknown>>;

/** Asks a gateway's native API; throws an Error for people when nothing answers, or not as it should. */
export async function askGateway(
  baseUrl: string,
  apiKey: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Json> {
  let answer: Response;
  try {
    answer = await fetch(`${baseUrl}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, ...(body !== undefined && { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error(`no gateway answers at ${baseUrl}: start it with \`npm start\`, or give its address with --url`);
  }
  const json = (await answer.json().catch(() => undefined)) as Json | undefined;
  if (!json) throw new Error(`what answers at ${baseUrl} is no gateway; check --url`);
  if (answer.ok) return json;
  const { message } = (json.error ?? {}) as { message?: string };
  throw new Error(`${method} ${path} answered ${answer.status}: ${message ?? "no reason given"}`);
}

/** The address of the gateway: as given, or the one the settings tell. */
export function gatewayUrl(given: string | undefined, port: number): string {
  return (given ?? `http://127.0.0.1:${port}`).replace(/\/+$/, "");
}
