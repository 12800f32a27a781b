import { describe, expect, test } from "vitest";
import type { Hop, SipTransport } from "../../src/sip/hop.ts";
import { respond, topVia } from "../../src/sip/message.ts";
import {
  type DnsAnswer,
  type DnsQuery,
  estimateSize,
  locate,
  nextHopUri,
  preferStream,
} from "../../src/sip/routing.ts";
import { flowOf, isBehindNat } from "../../src/sip/routing-dialog.ts";
import { responseHop, stampReceived } from "../../src/sip/routing-response.ts";
import { serializeMessage } from "../../src/sip/serialize.ts";
import { parseUri, writeUri } from "../../src/sip/uri.ts";
import { farHop, sipRequest } from "../kit/sip-messages.ts";

/** Runs a location against a DNS drawn as a table; gives the hops and what was asked. */
function find(
  uri: string,
  dns: Record<string, unknown>,
  transports: SipTransport[] = ["UDP", "TCP", "TLS"],
  random = 0,
) {
  const asked: string[] = [];
  const steps = locate(parseUri(uri)!, { transports, random: () => random });
  let step = steps.next();
  while (!step.done) {
    const query: DnsQuery = step.value;
    asked.push(`${query.type} ${query.name}`);
    const found = (dns[`${query.type} ${query.name}`] ?? []) as never;
    const answer: DnsAnswer =
      query.type === "address"
        ? { type: "address", addresses: found }
        : ({ type: query.type, records: found } as DnsAnswer);
    step = steps.next(answer);
  }
  const show = ({ transport, address, port }: Hop): string => `${transport} ${address}:${port}`;
  return { hops: step.value.map(show), asked, raw: step.value };
}

const naptr = (order: number, service: string, replacement: string) => ({
  order,
  preference: 0,
  flags: "s",
  service,
  replacement,
});
const srv = (priority: number, weight: number, name: string, port: number) => ({ priority, weight, name, port });

describe("where a request goes (RFC 3263)", () => {
  test("routing: an address needs no DNS, its scheme and parameter choose the transport (RFC 3263 §4.1)", () => {
    expect(find("sip:a@192.0.2.7", {})).toMatchObject({ hops: ["UDP 192.0.2.7:5060"], asked: [] });
    expect(find("sip:a@192.0.2.7:5070;transport=tcp", {}).hops).toEqual(["TCP 192.0.2.7:5070"]);
    expect(find("sips:a@[2001:db8::7]", {}).hops).toEqual(["TLS 2001:db8::7:5061"]);
  });

  test("routing: a port means no SRV (RFC 3263 §4.2)", () => {
    const { hops, asked } = find("sip:a@example.com:5080", { "address example.com": ["192.0.2.8"] });
    expect(hops).toEqual(["UDP 192.0.2.8:5080"]);
    expect(asked).toEqual(["address example.com"]);
  });

  test("routing: the domain's own order of transports, of those we have (RFC 3263 §4.1)", () => {
    const dns = {
      "naptr example.com": [naptr(2, "SIP+D2U", "_u.example.com"), naptr(1, "SIPS+D2T", "_s.example.com")],
      "srv _s.example.com": [srv(1, 0, "s1.example.com", 5061)],
      "srv _u.example.com": [srv(2, 0, "u2.example.com", 5060), srv(1, 0, "u1.example.com", 5062)],
      "address s1.example.com": ["192.0.2.1"],
      "address u1.example.com": ["192.0.2.2", "192.0.2.3"],
      "address u2.example.com": ["192.0.2.4"],
    };
    expect(find("sip:a@example.com", dns).hops).toEqual([
      "TLS 192.0.2.1:5061",
      "UDP 192.0.2.2:5062",
      "UDP 192.0.2.3:5062",
      "UDP 192.0.2.4:5060",
    ]);
    expect(find("sip:a@example.com", dns, ["UDP"]).hops).toHaveLength(3);
    expect(find("sips:a@example.com", dns).hops).toEqual(["TLS 192.0.2.1:5061"]);
    expect(find("sip:a@example.com", dns).raw[0]?.serverName).toBe("example.com");
  });

  test("routing: SRV records of one priority share by weight (RFC 2782)", () => {
    const dns = {
      "srv _sip._udp.example.com": [srv(1, 90, "big.example.com", 1), srv(1, 10, "small.example.com", 2)],
      "address big.example.com": ["192.0.2.1"],
      "address small.example.com": ["192.0.2.2"],
    };
    const uri = "sip:a@example.com;transport=udp";
    expect(find(uri, dns, ["UDP"], 0.5).hops[0]).toBe("UDP 192.0.2.1:1");
    expect(find(uri, dns, ["UDP"], 0.95).hops[0]).toBe("UDP 192.0.2.2:2");
    expect(find(uri, dns, ["UDP"], 0.95).hops).toHaveLength(2);
  });

  test("routing: without NAPTR and SRV the name itself is asked for (RFC 3263 §4.2)", () => {
    const { hops, asked } = find("sip:a@example.com", { "address example.com": ["192.0.2.9"] }, ["UDP", "TCP"]);
    expect(hops).toEqual(["UDP 192.0.2.9:5060"]);
    expect(asked).toEqual([
      "naptr example.com",
      "srv _sip._udp.example.com",
      "srv _sip._tcp.example.com",
      "address example.com",
    ]);
  });

  test("routing: a DNS that lists thousands of places gives no more than twelve", () => {
    const addresses = Array.from({ length: 1000 }, (_, i) => `192.0.2.${i % 250}`);
    expect(find("sip:a@example.com:5060", { "address example.com": addresses }).hops).toHaveLength(12);
  });

  test("routing: the first loose Route decides, else the Request-URI (RFC 3261 §8.1.2)", () => {
    const routed = sipRequest("BYE", { extra: ["Route: <sip:p1;lr>, <sip:p2;lr>"] });
    expect(writeUri(nextHopUri(routed))).toBe("sip:p1;lr");
    expect(writeUri(nextHopUri(sipRequest("BYE")))).toBe("sip:bob@192.0.2.2");
  });

  test("routing: what is longer than 1300 bytes tries TCP first, then UDP after all (RFC 3261 §18.1.1)", () => {
    expect(preferStream([farHop], 1301, ["UDP", "TCP"]).map(({ transport }) => transport)).toEqual(["TCP", "UDP"]);
    expect(preferStream([farHop], 1300, ["UDP", "TCP"])).toEqual([farHop]);
    expect(preferStream([farHop], 5000, ["UDP"])).toEqual([farHop]);
    const request = sipRequest("INVITE", { body: "x".repeat(500) });
    expect(estimateSize(request)).toBeGreaterThanOrEqual(serializeMessage(request).length);
  });
});

describe("where a response goes", () => {
  test("routing: to the port it came from when rport asks for it (RFC 3581 §4)", () => {
    const from = { transport: "UDP", address: "203.0.113.1", port: 1024 } as const;
    const request = sipRequest("OPTIONS");
    stampReceived(request, from);
    expect(responseHop(request, from)).toEqual(from);
    expect(topVia(respond(request, 200))).toMatchObject({ received: "203.0.113.1", rport: 1024 });
  });

  test("routing: without rport to the sent-by port at the address it came from (RFC 3261 §18.2.2)", () => {
    const from = { transport: "UDP", address: "203.0.113.1", port: 1024 } as const;
    const request = sipRequest("OPTIONS");
    request.headers.set("Via", "SIP/2.0/UDP phone.example.com:5070;branch=z9hG4bKa;received=6.6.6.6");
    stampReceived(request, from);
    expect(topVia(request).received).toBe("203.0.113.1");
    expect(responseHop(request, from)).toEqual({ ...from, port: 5070 });
  });

  test("routing: maddr does not turn our answers against somebody else", () => {
    const from = { transport: "UDP", address: "203.0.113.1", port: 1024 } as const;
    const request = sipRequest("OPTIONS");
    request.headers.set("Via", "SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKa;maddr=198.51.100.66");
    stampReceived(request, from);
    expect(responseHop(request, from).address).toBe("203.0.113.1");
  });

  test("routing: a connection takes its responses back (RFC 3261 §18.2.2)", () => {
    const from = { transport: "TCP", address: "203.0.113.1", port: 1024, connection: 9 } as const;
    expect(responseHop(sipRequest("OPTIONS"), from)).toBe(from);
  });
});

describe("the way back within a call", () => {
  const peerAt = (address: string, isBehind = false) => ({
    hop: { transport: "UDP", address, port: 40_000 } as const,
    isBehindNat: isBehind,
  });
  const contact = parseUri("sip:alice@192.168.1.5:5060")!;

  test("routing: a private Contact of somebody on the internet is answered where they came from", () => {
    const peer = peerAt("93.184.216.34");
    expect(flowOf(peer, contact, false)).toEqual(peer.hop);
    expect(flowOf(peer, contact, true)).toBeUndefined();
    expect(flowOf(peerAt("192.168.1.5"), contact, false)).toBeUndefined();
  });

  test("routing: who comes from elsewhere than they say is behind a NAT, also between private networks", () => {
    expect(isBehindNat(sipRequest("INVITE"), { ...farHop, address: "10.9.9.9" })).toBe(true);
    expect(isBehindNat(sipRequest("INVITE"), farHop)).toBe(false);
    expect(flowOf(peerAt("10.9.9.9", true), contact, false)?.address).toBe("10.9.9.9");
  });

  test("routing: a public Contact elsewhere is believed, as media gateways have one", () => {
    expect(flowOf(peerAt("93.184.216.34"), parseUri("sip:gw@93.184.216.99")!, false)).toBeUndefined();
  });

  test("routing: a browser is reached along its connection only, whatever the route (RFC 7118 §5)", () => {
    const hop = { transport: "WS", address: "203.0.113.1", port: 1, connection: 4 } as const;
    expect(flowOf({ hop, isBehindNat: false }, parseUri("sip:x@y.invalid")!, true)).toBe(hop);
  });
});
