import { describe, expect, test } from "vitest";
import { RequestDesk } from "../../../../src/control/exchange/io/request-desk.ts";
import type { Hop } from "../../../../src/sip/hop.ts";
import type { SipResponse } from "../../../../src/sip/message.ts";
import type { ServerKey } from "../../../../src/sip/transaction/key.ts";
import { sipRequest } from "../../../kit/sip-messages.ts";
import { seededRandom } from "../../gateway.ts";

const neighbour: Hop = { transport: "UDP", address: "192.168.1.20", port: 5060 };
const stranger: Hop = { transport: "UDP", address: "8.8.8.8", port: 5060 };
const carrier: Hop = { transport: "UDP", address: "9.9.9.9", port: 5060 };

/** Hands one request in; what was answered, or whose it became. */
function ask(method: string, from: Hop, extra: string[] = []): SipResponse | string {
  let result: SipResponse | string | undefined;
  const desk = new RequestDesk({
    phones: { register: () => (result = "phones") },
    texts: { message: () => (result = "texts") },
    isTrunk: (address) => address === carrier.address,
    randomBytes: seededRandom(),
  });
  desk.start({ respond: (_key, response) => (result = response) });
  desk.handleRequest("key" as ServerKey, sipRequest(method, { extra }), from);
  return result ?? "nothing";
}

function statusOf(method: string, from: Hop, extra?: string[]): number | string {
  const result = ask(method, from, extra);
  return typeof result === "string" ? result : result.status;
}

/** What an answer holds besides the five lines every answer has. */
function addedTo(method: string, from: Hop): string[] {
  const result = ask(method, from);
  if (typeof result === "string") throw new Error(result);
  const copied = ["Via", "From", "To", "Call-ID", "CSeq"];
  return [...result.headers].map(([name]) => name).filter((name) => !copied.includes(name));
}

describe("requests outside calls", () => {
  test.each([
    ["OPTIONS", 200],
    ["NOTIFY", 200],
    ["SUBSCRIBE", 489],
    ["PUBLISH", 489],
    ["BYE", 481],
    ["INFO", 481],
    ["REFER", 405],
    ["FROBNICATE", 405],
    ["REGISTER", "phones"],
    ["MESSAGE", "texts"],
  ])("%s from our own network or a trunk: %s", (method, expected) => {
    expect([statusOf(method, neighbour), statusOf(method, carrier)]).toEqual([expected, expected]);
  });

  test("OPTIONS is answered with what we can do, 405 with what we allow (RFC 3261 §11.2, §21.4.6)", () => {
    expect(addedTo("OPTIONS", carrier)).toEqual(["Allow", "Accept", "Accept-Encoding", "Accept-Language", "Supported"]);
    expect(addedTo("FROBNICATE", neighbour)).toEqual(["Allow"]);
  });

  test("a stranger learns that somebody is here and nothing else", () => {
    expect([statusOf("OPTIONS", stranger), addedTo("OPTIONS", stranger)]).toEqual([200, []]);
    for (const method of ["NOTIFY", "SUBSCRIBE", "BYE", "FROBNICATE"]) {
      expect([statusOf(method, stranger), addedTo(method, stranger)]).toEqual([403, []]);
    }
    expect([statusOf("REGISTER", stranger), statusOf("MESSAGE", stranger)]).toEqual(["phones", "texts"]);
  });

  test("an extension we do not know is refused by name, Path is known (RFC 3261 §8.2.2.3, RFC 3327)", () => {
    const refused = ask("REGISTER", neighbour, ["Require: path, gruu"]);
    expect(typeof refused !== "string" && [refused.status, refused.headers.get("Unsupported")]).toEqual([420, "gruu"]);
    expect(statusOf("REGISTER", neighbour, ["Require: path"])).toBe("phones");
  });

  test("every answer has a tag on To (RFC 3261 §8.2.6.2)", () => {
    const answer = ask("OPTIONS", neighbour);
    expect(typeof answer !== "string" && answer.headers.get("To")).toMatch(/;tag=[0-9a-f]{16}$/);
  });
});
