import { systemRandom } from "../../src/kit/io/random.ts";
import { systemClock } from "../../src/kit/io/system-clock.ts";
import { digestAuthorize } from "../../src/sip/digest-authorize.ts";
import { noParams } from "../../src/sip/headers/params.ts";
import { SipEndpoint } from "../../src/sip/io/sip-endpoint.ts";
import { defaultRegistration } from "../../src/sip/registration-client.ts";
import { makeSipUri } from "../../src/sip/uri.ts";

const ignore = () => undefined;
const withinMs = 10_000;

/**
 * Registers a telephone from a port of its own and leaves that port, so that SIPp can take its calls there. SIPp itself
 * knows only the first challenge of several, and only MD5.
 */
export async function registerPhone(
  target: string,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<number> {
  const endpoint = await SipEndpoint.open({
    udp: { address: "127.0.0.1", port: 0 },
    clock: systemClock,
    random: systemRandom,
    handlers: { onCall: ignore, onRequest: ignore, onEvent: ignore, onClosed: ignore, onError: console.error },
  });
  try {
    const [host = "", port] = target.split(":");
    const at = { host, port: Number(port) };
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the telephone could not register")), withinMs);
      endpoint.register(
        {
          ...defaultRegistration,
          registrar: makeSipUri(at),
          address: { uri: makeSipUri({ user: username, ...at }), params: noParams },
          authorize: digestAuthorize({ username, password }, systemRandom),
        },
        ({ type }) => {
          if (type !== "registered") return;
          clearTimeout(late);
          resolve();
        },
      );
    });
    return endpoint.addressOf("UDP")?.port ?? 0;
  } finally {
    endpoint.close();
  }
}
