import {
  callIdField,
  contactField,
  cseqField,
  fromField,
  type NameAddress,
  recordRouteField,
  routeField,
  toField,
} from "./headers/fields.ts";
import { SipHeaders } from "./headers/headers.ts";
import {
  cseqOf,
  emptyBody,
  fromOf,
  fromTag,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  sipCallIdOf,
  toOf,
  toTag,
} from "./message.ts";
import type { Uri } from "./uri.ts";

/** What names a dialog at our end (RFC 3261 §12). */
export interface DialogId {
  readonly sipCallId: string;
  readonly localTag: string;
  /** Empty when the far end speaks RFC 2543 and has no tag. */
  readonly remoteTag: string;
}

/** A dialog's id as one text, to look it up. */
export function dialogKey({ sipCallId, localTag, remoteTag }: DialogId): string {
  return `${sipCallId} ${localTag} ${remoteTag}`;
}

/** The dialog a request from the far end belongs to (RFC 3261 §12.2.2). */
export function dialogIdOf(request: SipRequest): DialogId {
  return { sipCallId: sipCallIdOf(request), localTag: toTag(request) ?? "", remoteTag: fromTag(request) ?? "" };
}

/** What stands in a request besides what the dialog knows. */
export interface RequestParts {
  readonly headers?: SipHeaders;
  /** Content-Type of the body. */
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/** Longest way through proxies that we follow; longer ones are cut by nobody honest. */
const maxRoutes = 32;

/** The state two user agents share about a call: who, over which way, and what number comes next (RFC 3261 §12). */
export class Dialog {
  readonly id: DialogId;
  readonly #local: NameAddress;
  readonly #remote: NameAddress;
  #remoteTarget: Uri;
  #routes: readonly NameAddress[];
  #localSeq: number;
  #remoteSeq: number | undefined;
  #state: "early" | "confirmed" = "early";

  private constructor(
    id: DialogId,
    local: NameAddress,
    remote: NameAddress,
    remoteTarget: Uri,
    routes: readonly NameAddress[],
    seqs: { readonly local: number; readonly remote: number | undefined },
  ) {
    this.id = id;
    this.#local = local;
    this.#remote = remote;
    this.#remoteTarget = remoteTarget;
    this.#routes = routes.slice(0, maxRoutes);
    this.#localSeq = seqs.local;
    this.#remoteSeq = seqs.remote;
  }

  /** The called side, from the INVITE that began it; undefined without a Contact (RFC 3261 §12.1.1). */
  static called(request: SipRequest, localTag: string, firstSeq: number): Dialog | undefined {
    const contact = request.headers.first(contactField);
    if (contact === undefined) return undefined;
    const id = { sipCallId: sipCallIdOf(request), localTag, remoteTag: fromTag(request) ?? "" };
    const to = toOf(request);
    const local = { ...to, params: new Map(to.params).set("tag", localTag) };
    const routes = request.headers.all(recordRouteField);
    const seqs = { local: firstSeq, remote: cseqOf(request).seq };
    return new Dialog(id, local, fromOf(request), contact.uri, routes, seqs);
  }

  /** The calling side, from a response to its INVITE (RFC 3261 §12.1.2). */
  static calling(request: SipRequest, response: SipResponse): Dialog {
    const id = {
      sipCallId: sipCallIdOf(request),
      localTag: fromTag(request) ?? "",
      remoteTag: toTag(response) ?? "",
    };
    // A response without Contact leaves us with the address we called, which serves in most cases.
    const target = response.headers.first(contactField)?.uri ?? request.uri;
    const routes = response.headers.all(recordRouteField).toReversed();
    const seqs = { local: cseqOf(request).seq, remote: undefined };
    return new Dialog(id, fromOf(request), toOf(response), target, routes, seqs);
  }

  get key(): string {
    return dialogKey(this.id);
  }

  get state(): "early" | "confirmed" {
    return this.#state;
  }

  get remoteTarget(): Uri {
    return this.#remoteTarget;
  }

  /** True when the way goes through proxies that asked to stay on it. */
  get hasRoutes(): boolean {
    return this.#routes.length > 0;
  }

  /** The far end's address as From or To shows it, with its tag. */
  get remote(): NameAddress {
    return this.#remote;
  }

  /** Our address as From or To shows it, with our tag. */
  get local(): NameAddress {
    return this.#local;
  }

  /** Confirms the dialog by a 2xx; the calling side takes the way from it once more (RFC 3261 §13.2.2.4). */
  confirm(response?: SipResponse): void {
    if (response !== undefined && this.#state === "early") {
      this.#routes = response.headers.all(recordRouteField).toReversed().slice(0, maxRoutes);
      this.refreshTarget(response);
    }
    this.#state = "confirmed";
  }

  /** Takes the far end's new address from a target refresh request or its 2xx (RFC 3261 §12.2.1.2, §12.2.2). */
  refreshTarget(message: SipMessage): void {
    const contact = message.headers.first(contactField);
    if (contact !== undefined) this.#remoteTarget = contact.uri;
  }

  /** Notes a request's number; false when it comes too late and must get a 500 (RFC 3261 §12.2.2). */
  acceptSeq(request: SipRequest): boolean {
    const { seq } = cseqOf(request);
    if (this.#remoteSeq !== undefined && seq < this.#remoteSeq) return false;
    this.#remoteSeq = seq;
    return true;
  }

  /** The number of the next request of ours; counts. */
  nextSeq(): number {
    this.#localSeq++;
    return this.#localSeq;
  }

  /** A new request within the dialog, without Via and Contact (RFC 3261 §12.2.1.1). */
  request(method: string, parts: RequestParts = {}): SipRequest {
    return this.#build(method, this.nextSeq(), parts);
  }

  /** The ACK for a 2xx: a request of its own with the INVITE's number (RFC 3261 §13.2.2.4). */
  ack(inviteSeq: number, parts: RequestParts = {}): SipRequest {
    return this.#build("ACK", inviteSeq, parts);
  }

  #build(method: string, seq: number, parts: RequestParts): SipRequest {
    const { headers: added, contentType, body = emptyBody } = parts;
    const headers = new SipHeaders();
    const first = this.#routes[0];
    let uri = this.#remoteTarget;
    let routes = this.#routes;
    if (first !== undefined && !(first.uri.type === "sip" && first.uri.params.has("lr"))) {
      // A strict router of RFC 2543 takes its place in the Request-URI (RFC 3261 §12.2.1.1).
      uri = first.uri.type === "sip" ? { ...first.uri, rawHeaders: undefined } : first.uri;
      routes = [...this.#routes.slice(1), { uri: this.#remoteTarget, params: new Map() }];
    }
    for (const route of routes) headers.put(routeField, route);
    headers.add("Max-Forwards", "70").put(fromField, this.#local).put(toField, this.#remote);
    headers.put(callIdField, this.id.sipCallId).put(cseqField, { seq, method });
    for (const [name, value] of added ?? []) headers.add(name, value);
    if (contentType !== undefined && body.length > 0) headers.add("Content-Type", contentType);
    return { type: "request", method, uri, headers, body };
  }
}
