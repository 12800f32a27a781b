import { describe, expect, test } from "vitest";
import type { Extension, Phone } from "../../../src/control/exchange/phone.ts";
import { PhoneBook } from "../../../src/control/exchange/phone-book.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { farHop, sipRequest } from "../../kit/sip-messages.ts";

const alice: Phone = {
  id: "phone_a",
  orgId: firstOrgId,
  username: "alice",
  number: "101" as Extension,
  label: null,
  mayCall: "any",
  enabled: true,
};

/** A book with Alice in it, registered. */
function registered() {
  const book = new PhoneBook();
  book.set(alice, "secret-a");
  const response = book.register(alice, sipRequest("REGISTER"), farHop, 0);
  expect(response.status).toBe(200);
  return book;
}

describe("phone book", () => {
  test("phone book: finds a phone by user name and by number, and by its new ones after a change", () => {
    const book = registered();
    expect(book.findByNumber("101", firstOrgId)).toBe(alice);
    const changed = { ...alice, username: "alicia", number: "102" as Extension };
    book.set(changed, "secret-a");
    expect([book.findByUsername("alice"), book.findByNumber("101", firstOrgId)]).toEqual([undefined, undefined]);
    expect([book.findByUsername("alicia"), book.findByNumber("102", firstOrgId)]).toEqual([changed, changed]);
    book.remove("phone_a");
    expect([book.findByUsername("alicia"), book.findByNumber("102", firstOrgId), book.isEmpty]).toEqual([
      undefined,
      undefined,
      true,
    ]);
  });

  test("phone book: nothing is granted longer than five minutes, since a restart forgets it", () => {
    const book = new PhoneBook();
    book.set(alice, "secret-a");
    const answer = book.register(alice, sipRequest("REGISTER", { extra: ["Expires: 3600"] }), farHop, 0);
    expect(answer.headers.get("Contact")).toContain("expires=300");
  });

  test("phone book: a new label or number leaves the bindings, new credentials take them away", () => {
    const book = registered();
    book.set({ ...alice, label: "Desk", number: null }, "secret-a");
    expect(book.bindings("phone_a", 1)).toHaveLength(1);
    book.set(alice, "secret-b");
    expect(book.bindings("phone_a", 1)).toEqual([]);
  });

  test("phone book: a phone that is switched off loses bindings and secret", () => {
    const book = registered();
    book.set({ ...alice, enabled: false }, "secret-a");
    expect(book.bindings("phone_a", 1)).toEqual([]);
    expect(book.secretOf("alice")).toBeUndefined();
    expect(book.isEmpty).toBe(true);
  });

  test("phone book: counts phones, not devices, and forgets what has expired", () => {
    const book = registered();
    book.register(alice, sipRequest("REGISTER", { callId: "other" }), farHop, 1);
    expect(book.registered).toBe(1);
    book.sweep(300_002);
    expect(book.registered).toBe(0);
  });
});
