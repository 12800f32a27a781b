import type { RandomBytes } from "../../kit/ids.ts";
import { negotiatedCodec, pickComfortNoise, pickTelephoneEvents, type RemoteAudio, readRemoteAudio } from "./choose.ts";
import { type CryptoLine, type CryptoSuite, cryptoKeyBytes, writeCrypto } from "./crypto.ts";
import { type RtpFormat, writeFormats } from "./formats.ts";
import {
  type LocalMedia,
  meetDirection,
  type NegotiatedCodec,
  type NegotiatedCrypto,
  type NegotiatedMedia,
  type SdpOptions,
} from "./media.ts";
import { eventsFmtp, type OfferedAudio, offeredFormats, opusFmtp } from "./offer.ts";
import { keyOf, PayloadTypes } from "./payload-types.ts";
import {
  parseSdp,
  type SdpAttribute,
  type SdpFault,
  type SdpMedia,
  type SdpSession,
  sdpFault,
  writeSdp,
} from "./session.ts";

/** Our answer to an offer, and what both came to. */
export interface SdpAnswer {
  readonly type: "answer";
  readonly sdp: string;
  readonly media: NegotiatedMedia;
}

/** What an offer of ours and its answer came to. */
export interface SdpAgreement {
  readonly type: "agreement";
  readonly media: NegotiatedMedia;
}

/** One section of the session by its place; a place once taken stays (RFC 3264 §8). */
type Section = Pick<SdpMedia, "kind" | "protocol" | "formats">;

/** What has been agreed so far, carried into the next offer. */
interface Agreed {
  readonly sections: readonly Section[];
  /** Which of them is our audio. */
  readonly index: number;
  readonly media: NegotiatedMedia;
}

/** Offers and answers of one dialog (RFC 3264): one audio section, everything else refused with port 0. */
export class SdpNegotiator {
  readonly #options: SdpOptions;
  readonly #sessionId: string;
  readonly #randomBytes: RandomBytes;
  readonly #payloadTypes = new PayloadTypes();
  /** Our keys by suite; kept over re-offers, so that these do not change keys in mid-call. */
  readonly #keys = new Map<CryptoSuite, Uint8Array>();
  #agreed: Agreed | undefined;
  #offered: (OfferedAudio & { readonly sections: readonly Section[]; readonly index: number }) | undefined;
  #version = 0;
  #lastWritten = "";

  /** `sessionId`: digits, unlike those of other calls (RFC 8866 §5.2). */
  constructor(options: SdpOptions, sessionId: string, randomBytes: RandomBytes) {
    this.#options = options;
    this.#sessionId = sessionId;
    this.#randomBytes = randomBytes;
  }

  /** What holds now; undefined before the first agreement. */
  get media(): NegotiatedMedia | undefined {
    return this.#agreed?.media;
  }

  /** Answers an offer (RFC 3264 §6). On a fault nothing has changed: refuse with 488, or 400 when malformed. */
  answer(offer: Uint8Array | string, local: LocalMedia): SdpAnswer | SdpFault {
    const session = parseSdp(offer);
    if ("type" in session) return session;
    if (session.media.length === 0) return sdpFault("no-media", "offer without media");
    if (session.media.length < (this.#agreed?.sections.length ?? 0)) {
      return sdpFault("mismatch", "offer with fewer media lines than before");
    }
    const found = this.#findAudio(session);
    if (found === undefined) return sdpFault("not-acceptable", "no audio line we can take");
    const { index, remote } = found;
    this.#payloadTypes.note(remote.formats);
    const crypto = remote.cryptos[0];
    const answered = this.#answeredFormats(remote);
    const media = this.#agree(remote, local, this.#negotiatedCrypto(crypto), answered, [
      negotiatedCodec(remote.codecs[0], remote.codecs[0].format.payloadType),
    ]);
    const attributes = this.#audioAttributes(answered, media, crypto === undefined ? [] : [this.#ourLine(crypto)]);
    const sections = session.media.map(({ kind, protocol, formats }) => ({ kind, protocol, formats }));
    const ours = { kind: "audio", port: local.port, protocol: sections[index]!.protocol, attributes };
    const formats = answered.map(({ payloadType }) => String(payloadType));
    const sdp = this.#write(local, sections, index, { ...ours, formats });
    this.#agreed = { sections, index, media };
    this.#offered = undefined;
    return { type: "answer", sdp, media };
  }

  /** Makes an offer, first or further (RFC 3264 §5, §8); the agreement stands until its answer comes. */
  offer(local: LocalMedia): string {
    const { srtp, cryptoSuites, ptimeMs } = this.#options;
    const agreed = this.#agreed;
    const formats = offeredFormats(this.#options, this.#payloadTypes, agreed?.media);
    const suites =
      agreed === undefined ? cryptoSuites : agreed.media.crypto === undefined ? [] : [agreed.media.crypto.suite];
    const cryptos = srtp === "off" ? [] : suites.map((suite, i) => ({ tag: i + 1, suite, key: this.#keyOf(suite) }));
    // With `optional` the keys stand under RTP/AVP, for the far end to take or leave (RFC 8643).
    const protocol = agreed?.sections[agreed.index]?.protocol ?? (srtp === "required" ? "RTP/SAVP" : "RTP/AVP");
    const rtcpMux = agreed?.media.rtcpMux ?? true;
    const { direction } = local;
    const attributes = this.#audioAttributes(formats, { ptimeMs, rtcpMux, direction }, cryptos);
    const texts = formats.map(({ payloadType }) => String(payloadType));
    const index = agreed?.index ?? 0;
    const sections = (agreed?.sections ?? [undefined]).map((section, i) =>
      section === undefined || i === index ? { kind: "audio", protocol, formats: texts } : section,
    );
    this.#offered = { formats, cryptos, rtcpMux, local, sections, index };
    return this.#write(local, sections, index, {
      kind: "audio",
      port: local.port,
      protocol,
      formats: texts,
      attributes,
    });
  }

  /**
   * Takes the answer to our offer (RFC 3264 §7). On a fault the offer is over and the agreement before it stands. `isEarly`:
   * the offer stands, too, for others that it was forked to may answer it as well (RFC 3261 §13.2.2.4).
   */
  acceptAnswer(answer: Uint8Array | string, isEarly = false): SdpAgreement | SdpFault {
    const offered = this.#offered;
    if (!isEarly) this.#offered = undefined;
    if (offered === undefined) return sdpFault("mismatch", "answer without an offer");
    const session = parseSdp(answer);
    if ("type" in session) return session;
    const section = session.media[offered.index];
    if (section === undefined || section.kind !== "audio" || section.port === 0) {
      return sdpFault("not-acceptable", "audio was refused");
    }
    if (section.protocol !== offered.sections[offered.index]!.protocol) {
      return sdpFault("mismatch", "answer with another profile");
    }
    // The order of an answer is the answerer's choice, ours was said in the offer.
    const remote = readRemoteAudio(session, section, {
      ...this.#options,
      codecOrder: "theirs",
      feedbackProfiles: true,
    });
    if (remote === undefined) return sdpFault("not-acceptable", "nothing in common");
    const crypto = this.#matchCrypto(offered.cryptos, remote.cryptos);
    if (crypto === undefined && (remote.isSecure || this.#options.srtp === "required")) {
      return sdpFault("not-acceptable", "no key for what was offered");
    }
    const ours = new Map(offered.formats.map((format) => [keyOf(format), format.payloadType]));
    const codecs = remote.codecs.flatMap((common) => {
      const receivePayloadType = ours.get(keyOf(common.format));
      return receivePayloadType === undefined ? [] : [negotiatedCodec(common, receivePayloadType)];
    });
    const [first, ...others] = codecs;
    if (first === undefined) return sdpFault("mismatch", "answer with codecs that were not offered");
    this.#payloadTypes.note(remote.formats);
    const shared = { ...remote, rtcpMux: remote.rtcpMux && offered.rtcpMux };
    const media = this.#agree(shared, offered.local, crypto, offered.formats, [first, ...others]);
    this.#agreed = { sections: offered.sections, index: offered.index, media };
    return { type: "agreement", media };
  }

  /** Forgets an offer that was refused or crossed another one (491); the agreement before it stands. */
  abandonOffer(): void {
    this.#offered = undefined;
  }

  /** The section to use: the one in use if it still can be, else the first that can. */
  #findAudio(session: SdpSession): { index: number; remote: RemoteAudio } | undefined {
    const indexes = [...session.media.keys()];
    const current = this.#agreed?.index;
    if (current !== undefined) indexes.unshift(current);
    for (const index of indexes) {
      const remote = readRemoteAudio(session, session.media[index]!, this.#options);
      if (remote !== undefined) return { index, remote };
    }
    return undefined;
  }

  /** One codec, and what goes with its clock, under the offerer's payload types. */
  #answeredFormats(remote: RemoteAudio): RtpFormat[] {
    const { format } = remote.codecs[0];
    const answered: RtpFormat[] = [{ ...format, fmtp: format.name === "opus" ? opusFmtp : undefined }];
    const events = pickTelephoneEvents(remote.formats, format.clockRateHz);
    if (this.#options.telephoneEvents && events !== undefined) answered.push({ ...events, fmtp: eventsFmtp });
    const noise = pickComfortNoise(remote.formats, format.clockRateHz);
    if (this.#options.comfortNoise && noise !== undefined) answered.push({ ...noise, fmtp: undefined });
    return answered;
  }

  #agree(
    remote: RemoteAudio,
    local: LocalMedia,
    crypto: NegotiatedCrypto | undefined,
    ourFormats: readonly RtpFormat[],
    codecs: readonly [NegotiatedCodec, ...NegotiatedCodec[]],
  ): NegotiatedMedia {
    const [first, ...alternates] = codecs;
    const { codec, payloadType, receivePayloadType, clockRateHz, sampleRateHz, opus } = first;
    const events = this.#options.telephoneEvents ? pickTelephoneEvents(remote.formats, clockRateHz) : undefined;
    const ourEvents = events && ourFormats.find((format) => keyOf(format) === keyOf(events));
    const noise = this.#options.comfortNoise ? pickComfortNoise(remote.formats, clockRateHz) : undefined;
    // Each field by name: spreading into an object of this size costs ten times as much.
    return {
      codec,
      payloadType,
      receivePayloadType,
      clockRateHz,
      sampleRateHz,
      opus,
      alternates,
      remoteAddress: remote.address,
      remotePort: remote.port,
      remoteRtcpAddress: remote.rtcp.address,
      remoteRtcpPort: remote.rtcp.port,
      rtcpMux: remote.rtcpMux,
      dtmfPayloadType: ourEvents && events?.payloadType,
      receiveDtmfPayloadType: ourEvents?.payloadType,
      dtmfClockRateHz: ourEvents?.clockRateHz,
      comfortNoisePayloadType: noise?.payloadType,
      ptimeMs: remote.ptimeMs,
      maxptimeMs: remote.maxptimeMs,
      direction: meetDirection(local.direction, remote.direction),
      crypto,
    };
  }

  #audioAttributes(
    formats: readonly RtpFormat[],
    media: Pick<NegotiatedMedia, "ptimeMs" | "rtcpMux" | "direction">,
    cryptos: readonly CryptoLine[],
  ): SdpAttribute[] {
    const attributes = writeFormats(formats);
    attributes.push({ name: "ptime", value: String(media.ptimeMs) }, { name: media.direction });
    if (media.rtcpMux) attributes.push({ name: "rtcp-mux" });
    return attributes.concat(cryptos.map(writeCrypto));
  }

  /** Writes a description of ours; the version rises when anything in it has changed (RFC 3264 §8). */
  #write(local: LocalMedia, sections: readonly Section[], index: number, audio: SdpMedia): string {
    const media = sections.map((section, i) => (i === index ? audio : { ...section, port: 0, attributes: [] }));
    const describe = (version: number): string => {
      const origin = { username: "-", sessionId: this.#sessionId, version: String(version), address: local.address };
      return writeSdp({ origin, connection: local.address, attributes: [], media });
    };
    if (this.#version > 0 && describe(this.#version) === this.#lastWritten) return this.#lastWritten;
    this.#lastWritten = describe(++this.#version);
    return this.#lastWritten;
  }

  #keyOf(suite: CryptoSuite): Uint8Array {
    const key = this.#keys.get(suite) ?? this.#randomBytes(cryptoKeyBytes[suite]);
    this.#keys.set(suite, key);
    return key;
  }

  #ourLine({ tag, suite }: CryptoLine): CryptoLine {
    return { tag, suite, key: this.#keyOf(suite) };
  }

  #negotiatedCrypto(remote: CryptoLine | undefined): NegotiatedCrypto | undefined {
    return remote && { suite: remote.suite, localKey: this.#keyOf(remote.suite), remoteKey: remote.key };
  }

  /** The answered line must bear tag and suite of an offered one (RFC 4568 §5.1.3). */
  #matchCrypto(offered: readonly CryptoLine[], answered: readonly CryptoLine[]): NegotiatedCrypto | undefined {
    const match = answered.find((line) => offered.some(({ tag, suite }) => tag === line.tag && suite === line.suite));
    return this.#negotiatedCrypto(match);
  }
}
