import { describe, expect, test } from "vitest";
import { Authenticator } from "../../../src/control/exchange/authenticator.ts";
import { digestAuthorize } from "../../../src/sip/digest-authorize.ts";
import { respond, type SipRequest } from "../../../src/sip/message.ts";
import { sipRequest } from "../../kit/sip-messages.ts";
import { seededRandom } from "../gateway.ts";

const random = seededRandom();
const address = "192.0.2.1";

function make({ allowMd5 = true, realm = "tandem" } = {}) {
  return new Authenticator({
    realm,
    allowMd5,
    randomBytes: random,
    secretOf: (username) => (username === "alice" ? { type: "password", password: "right-one" } : undefined),
  });
}

type Asked = Extract<ReturnType<Authenticator["check"]>, { type: "challenge" }>;

function challengeOf(authenticator: Authenticator, request: SipRequest, wallMs: number): Asked {
  const challenge = authenticator.check(request, address, wallMs);
  if (challenge.type !== "challenge") throw new Error(challenge.type);
  return challenge;
}

function algorithmsOf({ headers }: Asked): (string | undefined)[] {
  return headers.getAll("WWW-Authenticate").map((line) => /algorithm=([\w-]+)/.exec(line)?.[1]);
}

/** The request again, with the answer to a challenge. */
function answered(request: SipRequest, { headers }: Asked, username: string, password: string): SipRequest {
  const authorize = digestAuthorize({ username, password }, random);
  const lines = authorize(request, respond(request, 401, { headers })) ?? [];
  const again = request.headers.clone();
  for (const [name, value] of lines) again.add(name, value);
  return { ...request, headers: again };
}

describe("authenticator", () => {
  test("authenticator: challenges with SHA-256 first and MD5 second, qop auth (RFC 8760 §2.4)", () => {
    const request = sipRequest("REGISTER");
    const lines = challengeOf(make(), request, 1000).headers.getAll("WWW-Authenticate");
    expect(lines.map((line) => /algorithm=([\w-]+), qop="(\w+)"/.exec(line)?.slice(1))).toEqual([
      ["SHA-256", "auth"],
      ["MD5", "auth"],
    ]);
    const strict = challengeOf(make({ allowMd5: false }), request, 1000).headers.getAll("WWW-Authenticate");
    expect(strict.map((line) => line.includes("SHA-256"))).toEqual([true]);
  });

  test("authenticator: the right password is let in, once a nonce count", () => {
    const authenticator = make();
    const request = sipRequest("REGISTER");
    const right = answered(request, challengeOf(authenticator, request, 1000), "alice", "right-one");
    expect(authenticator.check(right, address, 2000)).toEqual({ type: "ok", username: "alice" });
    expect(authenticator.check(right, address, 2001)).toEqual({ type: "refused", reason: "replay" });
  });

  test("authenticator: somebody unknown and a wrong password get the same answer", () => {
    const authenticator = make();
    const request = sipRequest("REGISTER");
    const verdicts = ["alice", "nobody"].map((name) =>
      authenticator.check(
        answered(request, challengeOf(authenticator, request, 1000), name, "wrong-one"),
        address,
        2000,
      ),
    );
    expect(verdicts).toEqual([
      { type: "refused", reason: "credentials" },
      { type: "refused", reason: "credentials" },
    ]);
    // A user nobody knows, with the empty password that stands in for him.
    const empty = answered(request, challengeOf(authenticator, request, 1000), "nobody", "");
    expect(authenticator.check(empty, address, 2000)).toEqual({ type: "refused", reason: "credentials" });
  });

  test("authenticator: an old nonce, and one of a former life of ours, is stale and not a wrong password", () => {
    const former = make();
    const request = sipRequest("REGISTER");
    const right = answered(request, challengeOf(former, request, 1000), "alice", "right-one");
    for (const verdict of [former.check(right, address, 1000 + 301_000), make().check(right, address, 2000)]) {
      expect(verdict).toMatchObject({ type: "challenge", isStale: true });
      const [line] = (verdict as Asked).headers.getAll("WWW-Authenticate");
      expect(line).toContain("stale=true");
    }
  });

  test("authenticator: credentials for another realm are none for ours", () => {
    const request = sipRequest("INVITE");
    const theirs = answered(request, challengeOf(make({ realm: "other" }), request, 1000), "alice", "right-one");
    expect(make().check(theirs, address, 2000)).toMatchObject({ type: "challenge", isStale: false });
  });

  test("authenticator: a client that answered with MD5 is asked for MD5 when only its nonce was old", () => {
    const authenticator = make();
    const request = sipRequest("REGISTER", { extra: ["User-Agent: baresip v1.0.0 (x86_64/linux)"] });
    const challenge = challengeOf(authenticator, request, 1000);
    expect(algorithmsOf(challenge)).toEqual(["MD5"]);
    const right = answered(request, challenge, "alice", "right-one");
    expect(authenticator.check(right, address, 2000)).toEqual({ type: "ok", username: "alice" });
    const stale = authenticator.check(right, address, 400_000);
    expect(algorithmsOf(stale as Asked)).toEqual(["MD5"]);
    expect(algorithmsOf(challengeOf(make({ allowMd5: false }), request, 1000))).toEqual(["SHA-256"]);
  });

  test("authenticator: MD5 is refused where the setting says so", () => {
    const strict = make({ allowMd5: false });
    const request = sipRequest("REGISTER");
    const challenge = challengeOf(strict, request, 1000);
    const headers = challenge.headers.clone();
    headers.set("WWW-Authenticate", headers.get("WWW-Authenticate")!.replace("SHA-256", "MD5"));
    const weak = answered(request, { ...challenge, headers }, "alice", "right-one");
    expect(strict.check(weak, address, 2000)).toEqual({ type: "refused", reason: "algorithm" });
  });
});
