import { describe, expect, test } from "vitest";
import { Md5Clients } from "../../../src/control/exchange/md5-clients.ts";
import { sipRequest } from "../../kit/sip-messages.ts";

function request(parts: { method?: string; cseq?: number; callId?: string; userAgent?: string } = {}) {
  const { method = "REGISTER", userAgent = "Old Phone/1", ...rest } = parts;
  return sipRequest(method, { ...rest, extra: [`User-Agent: ${userAgent}`] });
}

describe("clients that know MD5 only", () => {
  test.each([
    ["baresip v1.0.0 (x86_64/linux)", true],
    ["baresip v3.10.1 (x86_64/Linux)", true],
    ["baresip v3.11.0 (x86_64/Linux)", false],
    ["PJSUA v2.10 Linux", true],
    ["PJSUA v2.11 Linux", false],
    ["PJSUA v10.0 Linux", false],
    ["SIP.js/0.21.2", true],
    ["JsSIP 3.10.0", true],
    ["Linphone/5.0", false],
    ["", false],
  ])("client %j: known by its name to need MD5 alone: %s", (userAgent, expected) => {
    expect(new Md5Clients().needsMd5(request({ userAgent, method: "INVITE" }), "192.0.2.1")).toBe(expected);
  });

  test("client: one that comes back unchanged could not answer, and is offered MD5 from then on", () => {
    const clients = new Md5Clients();
    const asked = [1, 2, 3].map((cseq) => clients.needsMd5(request({ cseq }), "192.0.2.1"));
    expect(asked).toEqual([false, true, true]);
    expect(clients.needsMd5(request({ method: "INVITE", callId: "call-9" }), "192.0.2.1")).toBe(true);
    // Another phone there, and the same kind elsewhere, have shown nothing.
    expect(clients.needsMd5(request({ userAgent: "New Phone/9", callId: "b" }), "192.0.2.1")).toBe(false);
    expect(clients.needsMd5(request({ callId: "c" }), "192.0.2.2")).toBe(false);
  });

  test("client: one that answers, and begins each refresh without credentials, keeps the better algorithm", () => {
    const clients = new Md5Clients();
    for (let cseq = 1; cseq < 20; cseq += 2) {
      expect(clients.needsMd5(request({ cseq }), "192.0.2.1")).toBe(false);
      clients.answered(request({ cseq: cseq + 1 }), "192.0.2.1");
    }
  });

  test("client: several calls without an answer prove nothing", () => {
    const clients = new Md5Clients();
    const asked = [1, 2, 3].map((cseq) => clients.needsMd5(request({ method: "INVITE", cseq }), "192.0.2.1"));
    expect(asked).toEqual([false, false, false]);
  });
});
