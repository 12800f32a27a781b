import { describe, expect, test } from "vitest";
import { phoneDial, trunkDial } from "../../../src/control/calls/dial-plans.ts";
import type { Trunk } from "../../../src/control/exchange/trunk.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import type { NameAddress } from "../../../src/sip/headers/fields.ts";
import type { Binding } from "../../../src/sip/registrar.ts";
import { parseUri, writeUri } from "../../../src/sip/uri.ts";

const request = { from: "+15550122", to: "+15550199", metadata: {} };
const text = ({ uri }: Pick<NameAddress, "uri">) => writeUri(uri);

const trunk: Trunk = {
  id: "trunk_1",
  orgId: firstOrgId,
  shared: false,
  name: "Carrier",
  enabled: true,
  inbound: { sources: [], username: null },
  outbound: { targets: [], username: null, realm: null },
  register: null,
  fromDomain: null,
  media: { codecs: ["pcma", "pcmu"], preference: "ours", srtp: "required", dtmf: "info", ptimeMs: 30 },
  sessionExpiresS: 900,
  assertIdentity: false,
  rewriting: { inbound: [], outbound: [] },
  maxCalls: 0,
  callsPerSecond: 0,
  probeEveryS: 0,
  transfer: "bridge",
  redirects: "own-hosts",
  ringTimeoutMs: 40_000,
};
const targets = ["sip:a.example.net;transport=tcp", "sip:192.0.2.9:5070"].map((uri) => ({
  uri,
  priority: 0,
  weight: 1,
}));

function overTrunk(change: Partial<Trunk> = {}, order: Partial<Parameters<typeof trunkDial>[0]> = {}) {
  const reports: string[] = [];
  const report = (uri: string) => (isReached: boolean) => reports.push(`${uri} ${isReached}`);
  const plan = trunkDial({ ...request, ...order }, { ...trunk, ...change }, targets, undefined, report);
  return { plan, reports };
}

describe("a call over a trunk", () => {
  test("its targets are tried one after the other, each with the number and its own transport", () => {
    const { plan, reports } = overTrunk();
    expect(plan.groups.map((group) => group.map(text))).toEqual([
      ["sip:+15550199@a.example.net;transport=tcp"],
      ["sip:+15550199@192.0.2.9:5070"],
    ]);
    plan.groups[1]?.[0]?.reached?.(false);
    expect(reports).toEqual(["sip:192.0.2.9:5070 false"]);
    expect(text(plan.to)).toBe("sip:+15550199@a.example.net");
  });

  test("both numbers are written as its rules have it, also in the identity it is told (RFC 3325)", () => {
    const rewriting = { inbound: [], outbound: [{ match: "+1555", replace: "00555" }] };
    const { plan } = overTrunk({ rewriting, assertIdentity: true, fromDomain: "pbx.example.com" });
    expect(text(plan.groups[0]![0]!)).toContain("sip:005550199@");
    expect(text(plan.from)).toBe("sip:005550122@pbx.example.com");
    expect(plan.headers.get("P-Asserted-Identity")).toBe("<sip:005550122@pbx.example.com>");
  });

  test("From is at the trunk's own domain, else at the registered one, else at the target's", () => {
    const register = { registrar: "sip:reg.example.org", aor: "sip:line@example.org", expiresS: 600 };
    expect(text(overTrunk({ fromDomain: "pbx.example.com", register }).plan.from)).toContain("@pbx.example.com");
    expect(text(overTrunk({ register }).plan.from)).toContain("@example.org");
    expect(text(overTrunk().plan.from)).toContain("@a.example.net");
  });

  test("a withheld number is in no header, also where the trunk asks for an identity (RFC 3323)", () => {
    const { plan } = overTrunk({ assertIdentity: true }, { from: "" });
    expect(text(plan.from)).toBe("sip:anonymous@anonymous.invalid");
    expect(plan.headers.has("P-Asserted-Identity")).toBe(false);
    expect(plan.headers.get("Privacy")).toContain("id");
  });

  test("media, keys, session timer and ringing time are the trunk's; the order's ringing time goes before", () => {
    const { plan } = overTrunk();
    expect(plan).toMatchObject({ dtmf: "info", sessionExpiresS: 900, ringTimeoutMs: 40_000 });
    expect(plan.sdp).toMatchObject({ codecs: ["pcma", "pcmu"], codecOrder: "ours", srtp: "required", ptimeMs: 30 });
    expect(plan.sdp.telephoneEvents).toBe(false);
    expect(overTrunk({}, { ringTimeoutMs: 5000 }).plan.ringTimeoutMs).toBe(5000);
  });

  const register = { registrar: "sip:reg.example.org", aor: "sip:1@aor.example", expiresS: 600 };
  test.each([
    ["sip:+15550177@A.Example.net:5099;transport=udp", true],
    ["sip:1@192.0.2.9", true],
    ["sip:1@reg.example.org", true],
    ["sip:1@aor.example", false],
    ["sip:1@198.51.100.1", false],
    ["sip:1@a.example.net.evil.example", false],
    ["sip:1@a.example.net;maddr=198.51.100.1", false],
    ["sip:1@198.51.100.1;maddr=192.0.2.9", false],
  ])("its 3xx may send it to numbers at the trunk's own hosts: %s %s", (to, may) => {
    const uri = parseUri(to);
    if (uri?.type !== "sip") throw new Error("no SIP URI");
    expect(overTrunk({ register }).plan.mayRedirectTo?.(uri)).toBe(may);
    expect(overTrunk({ register, redirects: "any" }).plan.mayRedirectTo).toBeUndefined();
  });
});

describe("a call to a telephone of ours", () => {
  const source = { transport: "UDP", address: "203.0.113.5", port: 41_000 } as const;
  const binding = (contact: string, change: Partial<Binding> = {}): Binding => ({
    contact: parseUri(contact)!,
    q: 1,
    expiresAt: 60_000,
    path: [],
    flow: source,
    aor: parseUri("sip:101@house.example.com")!,
    source,
    sipCallId: "r1",
    seq: 1,
    ...change,
  });

  test("all its devices ring together, each the way it was heard", () => {
    const direct = binding("sip:101@198.51.100.2", { flow: undefined, path: ["<sip:edge.example.com;lr>"] });
    const plan = phoneDial({ ...request, to: "101" }, [binding("sip:101@10.0.0.4:5060"), direct]);
    expect(plan.groups).toHaveLength(1);
    const [first, second] = plan.groups[0]!;
    expect(first?.to).toEqual(source);
    expect(text(first!)).toBe("sip:101@10.0.0.4:5060");
    expect(second?.to).toEqual(source);
    expect(second?.routes?.map(text)).toEqual(["sip:edge.example.com;lr"]);
  });

  test("the caller's number is at the name the device knows us by, so that it can call back", () => {
    const plan = phoneDial({ ...request, to: "101" }, [binding("sip:101@10.0.0.4")]);
    expect(text(plan.from)).toBe("sip:+15550122@house.example.com");
    expect(text(plan.to)).toBe("sip:101@house.example.com");
  });

  test("one that is not registered: nobody rings, and the reason is there", () => {
    expect(phoneDial(request, [])).toMatchObject({ groups: [], nowhere: "the telephone is not registered" });
  });
});
