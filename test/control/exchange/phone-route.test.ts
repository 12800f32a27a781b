import { describe, expect, test } from "vitest";
import { routeTo } from "../../../src/control/exchange/phone-route.ts";
import type { Hop } from "../../../src/sip/hop.ts";
import type { Binding } from "../../../src/sip/registrar.ts";
import { parseUri } from "../../../src/sip/uri.ts";

const source: Hop = { transport: "UDP", address: "198.51.100.7", port: 40_123 };

function binding(contact: string, parts: Partial<Binding> = {}): Binding {
  const uri = parseUri(contact);
  const aor = parseUri("sip:101@tandem.example");
  if (!uri || !aor) throw new Error("not a URI");
  return { contact: uri, q: 1, expiresAt: 1000, path: [], aor, source, sipCallId: "1@phone", seq: 1, ...parts };
}

describe("the way to a phone", () => {
  test("its Contact is at the address it registered from: the URI says the rest", () => {
    const { address } = source;
    expect(routeTo(binding("sip:101@198.51.100.7")).to).toEqual({ transport: "UDP", address, port: 5060 });
    const overTcp = routeTo(binding("sip:101@198.51.100.7:5070;transport=tcp"));
    expect(overTcp.to).toEqual({ transport: "TCP", address, port: 5070 });
  });

  test("what the registrar knows of its NAT or connection comes first", () => {
    const flow: Hop = { transport: "TCP", address: "198.51.100.7", port: 5070, connection: 3 };
    expect(routeTo(binding("sip:101@198.51.100.7:5060", { flow })).to).toBe(flow);
  });

  test.each([
    ["a carrier's address, to call out by", "sip:+15550199@9.9.9.9:5060"],
    ["a carrier's name", "sip:+15550199@carrier.example"],
    ["a carrier's, behind its own", "sip:+15550199@198.51.100.7;maddr=9.9.9.9"],
    ["a server inside", "sip:101@10.0.0.5:8080;transport=tcp"],
  ])("a Contact that is %s: the call goes to who registered all the same", (_why, contact) => {
    expect(routeTo(binding(contact)).to).toBe(source);
  });

  test("behind a proxy: along its Path, where that is the proxy that brought the REGISTER (RFC 3327)", () => {
    const path = ["<sip:198.51.100.7:5060;lr>"];
    const there = routeTo(binding("sip:101@192.168.1.9", { path }));
    const { address } = source;
    expect(there).toMatchObject({ to: { address, port: 5060 }, routes: [{ uri: { host: address } }] });
  });

  test.each(["<sip:edge.example.com;lr>", "<sip:9.9.9.9;lr>"])(
    "a Path that leads anywhere else, %s: by the one that brought the REGISTER",
    (line) => {
      const there = routeTo(binding("sip:101@198.51.100.7", { path: [line] }));
      expect(there).toMatchObject({ to: source, routes: [{ uri: { type: "sip" } }] });
    },
  );
});
