import { isPublicAddress } from "../../../kit/address-guard.ts";
import type { RandomBytes } from "../../../kit/ids.ts";
import { allowedMethods, unknownRequirements } from "../../../sip/capabilities.ts";
import { SipHeaders } from "../../../sip/headers/headers.ts";
import type { Hop } from "../../../sip/hop.ts";
import type { SipEndpoint } from "../../../sip/io/sip-endpoint.ts";
import { respond, type SipRequest } from "../../../sip/message.ts";
import { makeTag } from "../../../sip/tokens.ts";
import type { ServerKey } from "../../../sip/transaction/key.ts";
import type { PhoneDesk } from "./phone-desk.ts";
import type { TextDesk } from "./text-desk.ts";

export interface RequestDeskOptions {
  readonly phones: Pick<PhoneDesk, "register">;
  readonly texts: Pick<TextDesk, "message">;
  /** True for the address of a trunk. */
  readonly isTrunk: (address: string) => boolean;
  readonly randomBytes: RandomBytes;
}

/** Methods that mean a dialog; outside of one there is nothing they could be about. */
const dialogMethods: ReadonlySet<string> = new Set(["BYE", "PRACK", "UPDATE", "INFO"]);
/** What REGISTER and MESSAGE may insist on besides what calls may: the way back through proxies (RFC 3327). */
const registrarTags: ReadonlySet<string> = new Set(["path"]);

/** Answers every request outside a call. */
export class RequestDesk {
  readonly #options: RequestDeskOptions;
  #endpoint: Pick<SipEndpoint, "respond"> | undefined;

  constructor(options: RequestDeskOptions) {
    this.#options = options;
  }

  start(endpoint: Pick<SipEndpoint, "respond">): void {
    this.#endpoint = endpoint;
  }

  /** Twice is fine. */
  close(): void {
    this.#endpoint = undefined;
  }

  /** To be called for every `onRequest` of the endpoint. */
  handleRequest(key: ServerKey, request: SipRequest, from: Hop): void {
    const { phones, texts, isTrunk } = this.#options;
    const { method } = request;
    const unknown = unknownRequirements(request.headers).filter((tag) => !registrarTags.has(tag.toLowerCase()));
    if (unknown.length > 0) {
      this.#respond(key, request, 420, SipHeaders.of(["Unsupported", unknown.join(", ")]));
    } else if (method === "REGISTER") phones.register(key, request, from);
    else if (method === "MESSAGE") texts.message(key, request, from);
    // A stranger learns that somebody is here and nothing else.
    else if (isPublicAddress(from.address) && !isTrunk(from.address)) {
      this.#respond(key, request, method === "OPTIONS" ? 200 : 403);
    } else this.#answerFriend(key, request);
  }

  #answerFriend(key: ServerKey, request: SipRequest): void {
    const { method } = request;
    switch (method) {
      case "OPTIONS":
        this.#respond(key, request, 200, capabilities());
        return;
      // Message-summary and others nobody asked for: a PBX sends them to every telephone (RFC 3842).
      case "NOTIFY":
        this.#respond(key, request, 200);
        return;
      case "SUBSCRIBE":
      case "PUBLISH":
        // Departs from RFC 6665 §7.2.2: no Allow-Events, as there are none.
        this.#respond(key, request, 489);
        return;
      default:
        if (dialogMethods.has(method)) this.#respond(key, request, 481);
        else this.#respond(key, request, 405, SipHeaders.of(["Allow", `${allowedMethods}, REGISTER`]));
    }
  }

  #respond(key: ServerKey, request: SipRequest, status: number, headers?: SipHeaders): void {
    const toTag = makeTag(this.#options.randomBytes);
    this.#endpoint?.respond(key, respond(request, status, { headers, toTag }));
  }
}

/** What we can do, for who asks (RFC 3261 §11.2). */
function capabilities(): SipHeaders {
  return SipHeaders.of(
    ["Allow", `${allowedMethods}, REGISTER`],
    ["Accept", "application/sdp, text/plain"],
    ["Accept-Encoding", "identity"],
    ["Accept-Language", "en"],
    ["Supported", "100rel, timer, replaces, norefersub, path"],
  );
}
