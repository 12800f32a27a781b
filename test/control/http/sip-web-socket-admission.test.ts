import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, test } from "vitest";
import { admitSipWebSocket, type SipWebSocketPolicy } from "../../../src/control/http/sip-web-socket-admission.ts";

const proxies = ["127.0.0.0/8", "::1", "172.17.0.2", "9.9.9.9"];
const local: SipWebSocketPolicy = { publicUrl: "http://127.0.0.1:8080", origins: [], proxies };
const proxied: SipWebSocketPolicy = { publicUrl: "https://voice.example.com", origins: [], proxies };
const sip = { "sec-websocket-protocol": "sip" };

/** `ok ADDRESS` or the status. */
function verdict(headers: IncomingHttpHeaders, peer = "192.168.1.20", policy = local): string {
  const admission = admitSipWebSocket({ host: "192.168.1.5:8080", ...sip, ...headers }, peer, policy);
  if (admission.type === "refused") return String(admission.status);
  return `ok ${admission.address}${admission.isSecure ? " secure" : ""}`;
}

describe("SIP over WebSocket, who may connect", () => {
  test.each([
    [{ "sec-websocket-protocol": undefined }, "400"],
    [{ "sec-websocket-protocol": "chat" }, "400"],
    [{ "sec-websocket-protocol": "SIP" }, "400"],
    [{ "sec-websocket-protocol": "chat, sip" }, "ok 192.168.1.20"],
  ])("WebSocket admission: the subprotocol must be sip (RFC 7118 §4.1): %o is %s", (headers, expected) => {
    expect(verdict(headers)).toBe(expected);
  });

  test.each([
    ["no browser: no origin, none needed", undefined, "192.168.1.5:8080", "ok"],
    ["our own page, by address", "http://192.168.1.5:8080", "192.168.1.5:8080", "ok"],
    ["our own page, by IPv6 address", "http://[fd00::1]:8080", "[fd00::1]:8080", "ok"],
    ["our own page, on this machine", "http://localhost:8080", "localhost:8080", "ok"],
    ["our own page, by a name of the network", "http://pbx.lan:8080", "pbx.lan:8080", "ok"],
    ["another page", "https://evil.example", "192.168.1.5:8080", "403"],
    ["another port of ours", "http://192.168.1.5:9999", "192.168.1.5:8080", "403"],
    ["a name pointed at us (DNS rebinding)", "http://evil.example:8080", "evil.example:8080", "403"],
    ["a page without an origin", "null", "192.168.1.5:8080", "403"],
    ["nonsense", "%%", "192.168.1.5:8080", "403"],
  ])("WebSocket admission: %s", (_what, origin, host, expected) => {
    expect(verdict({ origin, host })).toMatch(new RegExp(`^${expected}`));
  });

  test("WebSocket admission: a list of origins takes the place of our own, * is any", () => {
    const listed = { ...local, origins: ["https://app.example.com"] };
    expect(verdict({ origin: "https://app.example.com" }, "192.168.1.20", listed)).toMatch(/^ok/);
    expect(verdict({ origin: "http://192.168.1.5:8080" }, "192.168.1.20", listed)).toBe("403");
    expect(verdict({ origin: "https://any.example" }, "192.168.1.20", { ...local, origins: ["*"] })).toMatch(/^ok/);
  });

  test("WebSocket admission: the page at the public address is ours behind a proxy", () => {
    const headers = { origin: "https://voice.example.com", host: "127.0.0.1:8080", "x-forwarded-for": "198.51.100.7" };
    expect(verdict(headers, "127.0.0.1", proxied)).toBe("ok 198.51.100.7");
  });

  test.each([
    [
      "a stranger cannot claim to be of our network",
      { "x-forwarded-for": "127.0.0.1" },
      "8.8.8.8",
      local,
      "ok 8.8.8.8",
    ],
    ["the proxy next to us is believed", { "x-forwarded-for": "8.8.8.8" }, "127.0.0.1", local, "ok 8.8.8.8"],
    ["only its own entry is, the last", { "x-forwarded-for": "10.0.0.1, 8.8.8.8" }, "127.0.0.1", local, "ok 8.8.8.8"],
    ["an entry with a port", { "x-forwarded-for": "8.8.8.8:4711" }, "127.0.0.1", local, "ok 8.8.8.8"],
    ["an IPv6 entry in brackets", { "x-forwarded-for": "[2001:db8::1]:99" }, "::1", local, "ok 2001:db8::1"],
    ["an entry that is no address", { "x-forwarded-for": "8.8.8.8, unknown" }, "127.0.0.1", local, "400"],
    ["a proxy that hides who comes", {}, "127.0.0.1", proxied, "400"],
    ["nor can a neighbour claim to be somebody else", { "x-forwarded-for": "8.8.8.8" }, "192.168.1.20", local, "400"],
    ["a proxy elsewhere that is known", { "x-forwarded-for": "8.8.8.8" }, "172.17.0.2", local, "ok 8.8.8.8"],
    ["a proxy on the internet that is known", { "x-forwarded-for": "8.8.8.8" }, "9.9.9.9", local, "ok 8.8.8.8"],
    ["a neighbour who comes past the proxy there is", {}, "192.168.1.20", proxied, "400"],
    ["a stranger needs no proxy", {}, "8.8.8.8", proxied, "ok 8.8.8.8"],
    [
      "TLS ended at the proxy",
      { "x-forwarded-for": "8.8.8.8", "x-forwarded-proto": "https" },
      "127.0.0.1",
      proxied,
      "ok 8.8.8.8 secure",
    ],
  ])("WebSocket admission, where somebody is: %s", (_what, headers, peer, policy, expected) => {
    expect(verdict(headers, peer, policy)).toBe(expected);
  });
});
