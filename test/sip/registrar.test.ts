import { describe, expect, test } from "vitest";
import { defaultRegistrar, Registrar } from "../../src/sip/registrar.ts";
import { writeUri } from "../../src/sip/uri.ts";
import { farHop, sipRequest } from "../kit/sip-messages.ts";

function register(
  contact: string | undefined,
  parts: { cseq?: number; callId?: string; extra?: string[]; expires?: string } = {},
) {
  const { extra = [], expires, ...rest } = parts;
  const lines = [...extra, ...(expires === undefined ? [] : [`Expires: ${expires}`])];
  const request = sipRequest("REGISTER", { ...rest, extra: lines });
  request.headers.remove("Contact");
  if (contact !== undefined) request.headers.add("Contact", contact);
  return request;
}

const make = (options = {}) => new Registrar({ ...defaultRegistrar, ...options });
const contacts = (registrar: Registrar, now: number) =>
  registrar.lookup("bob", now).map(({ contact }) => writeUri(contact));

describe("registrar", () => {
  test("registrar: several devices of one address, best first, each until it expires (RFC 3261 §10.3)", () => {
    const registrar = make();
    registrar.register("bob", register("<sip:bob@192.0.2.1>;q=0.5;expires=100", { callId: "a" }), farHop, 0);
    const answer = registrar.register(
      "bob",
      register("<sip:bob@192.0.2.2>;expires=600", { callId: "b" }),
      farHop,
      10_000,
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.getAll("Contact")).toEqual([
      "<sip:bob@192.0.2.1>;expires=90",
      "<sip:bob@192.0.2.2>;expires=600",
    ]);
    expect(contacts(registrar, 20_000)).toEqual(["sip:bob@192.0.2.2", "sip:bob@192.0.2.1"]);
    expect(contacts(registrar, 100_001)).toEqual(["sip:bob@192.0.2.2"]);
    registrar.sweep(1_000_000);
    expect(registrar.size).toBe(0);
  });

  test("registrar: a refresh replaces, zero takes back, * takes all back (RFC 3261 §10.2.2)", () => {
    const registrar = make();
    registrar.register("bob", register("<sip:bob@192.0.2.1>", { cseq: 1 }), farHop, 0);
    registrar.register("bob", register("<sip:bob@192.0.2.1>", { cseq: 2 }), farHop, 1000);
    expect(contacts(registrar, 2000)).toHaveLength(1);
    registrar.register("bob", register("<sip:bob@192.0.2.1>;expires=0", { cseq: 3 }), farHop, 3000);
    expect(contacts(registrar, 4000)).toEqual([]);
    registrar.register("bob", register("<sip:bob@192.0.2.1>", { cseq: 4 }), farHop, 5000);
    expect(registrar.register("bob", register("*", { cseq: 5, expires: "60" }), farHop, 6000).status).toBe(400);
    expect(registrar.register("bob", register("*", { cseq: 6, expires: "0" }), farHop, 7000).status).toBe(200);
    expect(contacts(registrar, 8000)).toEqual([]);
  });

  test("registrar: a late request changes nothing (RFC 3261 §10.3 step 7)", () => {
    const registrar = make();
    registrar.register("bob", register("<sip:bob@192.0.2.1>", { cseq: 5 }), farHop, 0);
    const late = register("<sip:bob@192.0.2.1>;expires=0", { cseq: 4 });
    expect(registrar.register("bob", late, farHop, 1000).status).toBe(500);
    expect(contacts(registrar, 2000)).toHaveLength(1);
  });

  test("registrar: too brief is 423 with Min-Expires, too long is cut (RFC 3261 §10.3 step 7)", () => {
    const registrar = make();
    const brief = registrar.register("bob", register("<sip:bob@192.0.2.1>;expires=5"), farHop, 0);
    expect([brief.status, brief.headers.get("Min-Expires")]).toEqual([423, "60"]);
    const long = registrar.register("bob", register("<sip:bob@192.0.2.1>;expires=999999"), farHop, 0);
    expect(long.headers.get("Contact")).toBe("<sip:bob@192.0.2.1>;expires=3600");
  });

  test("registrar: the way back through a NAT or along a connection is remembered, and forgotten with the connection", () => {
    const registrar = make();
    const nat = { transport: "UDP", address: "203.0.113.9", port: 40_123 } as const;
    const behind = register("<sip:bob@192.0.2.1:5060>");
    behind.headers.set("Contact", "<sip:bob@192.0.2.1:5060>");
    registrar.register("bob", behind, nat, 0);
    expect(registrar.lookup("bob", 1)[0]?.flow).toEqual(nat);
    const browser = { transport: "WSS", address: "203.0.113.9", port: 50_000, connection: 3 } as const;
    registrar.register("carol", register("<sip:x@df7.invalid;transport=ws>"), browser, 0);
    expect(registrar.lookup("carol", 1)[0]?.flow).toEqual(browser);
    registrar.connectionClosed(3);
    expect(registrar.lookup("carol", 1)).toEqual([]);
    expect(registrar.lookup("bob", 1)).toHaveLength(1);
  });

  test.each([
    // A softphone in a container, a VPN, a private network behind another NAT: Via and Contact are not even the same.
    { why: "its Contact is private", contact: "<sip:bob@10.0.0.5:5060>", via: "", flow: true },
    { why: "its NAT gave it another port", contact: "<sip:bob@203.0.113.9:5060>", via: "", flow: true },
    { why: "its Contact names nothing", contact: "<sip:bob@df7.invalid>", via: "", flow: true },
    { why: "its Contact is where it sent from", contact: "<sip:bob@203.0.113.9:40123>", via: "", flow: false },
    { why: "it named another public place", contact: "<sip:bob@9.9.9.9>", via: "", flow: false },
    { why: "it named a host", contact: "<sip:bob@phone.example.com>", via: "", flow: false },
    {
      why: "the packet came from a proxy",
      contact: "<sip:bob@10.0.0.5:5060>",
      via: "Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKdevice",
      flow: false,
    },
  ])("registrar: $why, so its source leads back: $flow (RFC 3581 §4)", ({ contact, via, flow }) => {
    const registrar = make();
    const source = { transport: "UDP", address: "203.0.113.9", port: 40_123 } as const;
    const request = register(contact, via === "" ? {} : { extra: [via] });
    expect(registrar.register("bob", request, source, 0).status).toBe(200);
    const [binding] = registrar.lookup("bob", 1);
    expect(binding).toMatchObject({ source, flow: flow ? source : undefined });
  });

  test("registrar: a device that does not say it listens where it sends from is called at its Contact", () => {
    const registrar = make();
    const request = register("<sip:bob@203.0.113.9:5060>");
    request.headers.set("Via", "SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bKold");
    registrar.register("bob", request, { transport: "UDP", address: "203.0.113.9", port: 49_200 }, 0);
    expect(registrar.lookup("bob", 1)[0]?.flow).toBeUndefined();
  });

  test("registrar: an address that is forgotten has no bindings", () => {
    const registrar = make();
    registrar.register("bob", register("<sip:bob@192.0.2.1>"), farHop, 0);
    registrar.forget("bob");
    expect([registrar.lookup("bob", 1), registrar.size]).toEqual([[], 0]);
  });

  test("registrar: behind a proxy the Path leads back, not the packet's source (RFC 3327)", () => {
    const registrar = make();
    const nat = { transport: "UDP", address: "203.0.113.9", port: 40_123 } as const;
    const request = register("<sip:bob@192.0.2.1:5060>", { extra: ["Path: <sip:edge.example.com;lr>"] });
    const answer = registrar.register("bob", request, nat, 0);
    expect(answer.headers.get("Path")).toBe("<sip:edge.example.com;lr>");
    expect(registrar.lookup("bob", 1)[0]).toMatchObject({ path: ["<sip:edge.example.com;lr>"], flow: undefined });
  });

  test("registrar: no more devices than allowed, no more addresses either", () => {
    const registrar = make({ maxBindings: 1, maxAddresses: 1 });
    expect(registrar.register("bob", register("<sip:a@192.0.2.1>"), farHop, 0).status).toBe(200);
    expect(registrar.register("bob", register("<sip:b@192.0.2.1>", { cseq: 2 }), farHop, 0).status).toBe(403);
    expect(registrar.register("eve", register("<sip:e@192.0.2.1>"), farHop, 0).status).toBe(503);
    expect(
      registrar.register("bob", register(undefined, { cseq: 3 }), farHop, 0).headers.getAll("Contact"),
    ).toHaveLength(1);
  });
});
