/** How the values of settings are written and read; every reader gives undefined for what is not of its kind. */
import ipaddr from "ipaddr.js";

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The kinds there are: how each is read, and what is said when it cannot be. */
export const settingKinds = {
  text: { expected: "a text", read: (raw: string) => raw },
  integer: {
    expected: "a whole number",
    read: (raw: string) => (/^[0-9]{1,9}$/.test(raw) ? Number(raw) : undefined),
  },
  flag: {
    expected: "true or false",
    read: (raw: string) => (/^(true|1)$/i.test(raw) ? true : /^(false|0)$/i.test(raw) ? false : undefined),
  },
  address: { expected: "HOST:PORT, for example 0.0.0.0:8080", read: readAddress },
  optionalAddress: {
    expected: "HOST:PORT, for example 0.0.0.0:5061, or nothing",
    read: (raw: string) => (raw === "" ? null : readAddress(raw)),
  },
  origins: {
    expected: "origins such as https://app.example.com with spaces between them, or *",
    read: readOrigins,
  },
  networks: {
    expected: "addresses or networks such as 10.0.0.0/8 with spaces between them",
    read: readNetworks,
  },
  portRange: { expected: "FIRST-LAST, for example 20000-29999", read: readPortRange },
  httpUrl: { expected: "a URL that begins with https:// or http://", read: (raw: string) => readUrl(raw, /^https?:/) },
  wsUrl: { expected: "a URL that begins with wss:// or ws://", read: (raw: string) => readUrl(raw, /^wss?:/) },
  smtpUrl: { expected: "smtp:// or smtps://user:password@host:port", read: readSmtpUrl },
  mailbox: { expected: "an e-mail address, or Name <address>", read: readMailbox },
} as const;

function readAddress(raw: string): Address | undefined {
  const match = /^(.*):([0-9]{1,5})$/.exec(raw);
  const port = Number(match?.[2]);
  return match && port <= 65_535 ? { host: match[1] || "0.0.0.0", port } : undefined;
}

function readPortRange(raw: string): PortRange | undefined {
  const match = /^([0-9]{1,5})-([0-9]{1,5})$/.exec(raw);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  return match && first >= 1024 && last <= 65_535 && last - first >= 3 ? { first, last } : undefined;
}

/** Origins as browsers write them, or `*`. */
function readOrigins(raw: string): readonly string[] | undefined {
  const texts = raw.split(/[\s,]+/).filter((text) => text !== "");
  const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;
  return texts.every((text) => text === "*" || isOrigin(text)) ? texts : undefined;
}

/** IP addresses and CIDR blocks. */
function readNetworks(raw: string): readonly string[] | undefined {
  const texts = raw.split(/[\s,]+/).filter((text) => text !== "");
  return texts.every((text) => ipaddr.isValid(text) || ipaddr.isValidCIDR(text)) ? texts : undefined;
}

/** Without a slash at the end; "" is unset. */
function readUrl(raw: string, scheme: RegExp): string | undefined {
  const url = raw.replace(/\/+$/, "");
  return url === "" || (scheme.test(url) && URL.canParse(url)) ? url : undefined;
}

/** With a host, and a user name and password that can be read. */
function readSmtpUrl(raw: string): string | undefined {
  if (raw === "") return raw;
  if (!/^smtps?:\/\//.test(raw) || !URL.canParse(raw)) return undefined;
  const { hostname, username, password } = new URL(raw);
  const isPercentCoded = [username, password].every((text) => !/%(?![0-9A-Fa-f]{2})/.test(text));
  return hostname !== "" && isPercentCoded ? raw : undefined;
}

function readMailbox(raw: string): string | undefined {
  return /^(?:[^\s@<>]+@[^\s@<>]+|[^<>\p{Cc}]* <[^\s@<>]+@[^\s@<>]+>)?$/u.test(raw) ? raw : undefined;
}
