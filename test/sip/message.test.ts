import { describe, expect, test } from "vitest";
import { respond } from "../../src/sip/message.ts";
import { sipRequest } from "../kit/sip-messages.ts";

describe("responses", () => {
  const proxies = { extra: ["Record-Route: <sip:p2;lr>", "Record-Route: <sip:p1;lr>"] };

  test("whoever takes or rings for an INVITE tells the caller of the proxies on its way, in their order (RFC 3261 §12.1.1)", () => {
    const invite = sipRequest("INVITE", proxies);
    for (const status of [180, 183, 200]) {
      const { headers } = respond(invite, status, { toTag: "bob" });
      expect(headers.getAll("Record-Route")).toEqual(["<sip:p2;lr>", "<sip:p1;lr>"]);
    }
  });

  test("responses that make no dialog leave them out", () => {
    for (const status of [100, 302, 486]) {
      expect(respond(sipRequest("INVITE", proxies), status).headers.has("Record-Route")).toBe(false);
    }
    expect(respond(sipRequest("OPTIONS", proxies), 200).headers.has("Record-Route")).toBe(false);
  });
});
