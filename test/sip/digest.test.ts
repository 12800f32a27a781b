import { describe, expect, test } from "vitest";
import { answerChallenge, digestResponse, hashA1, pickChallenge } from "../../src/sip/digest.ts";
import { type DigestSecret, DigestServer, defaultDigestServer } from "../../src/sip/digest-server.ts";
import type { AuthValue } from "../../src/sip/headers/auth.ts";
import { authorizationField, wwwAuthenticateField } from "../../src/sip/headers/fields.ts";

const challenge = (params: Record<string, string>): AuthValue => ({
  scheme: "Digest",
  params: new Map(Object.entries(params)),
});

describe("digest", () => {
  test("digest: gives the responses of RFC 7616 §3.9.1 for SHA-256 and MD5", () => {
    const common = {
      method: "GET",
      uri: "/dir/index.html",
      nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
      auth: { nc: "00000001", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" },
    };
    const respond = (algorithm: "MD5" | "SHA-256") =>
      digestResponse({
        ...common,
        algorithm,
        ha1: hashA1(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life"),
      });
    expect(respond("SHA-256")).toBe("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    expect(respond("MD5")).toBe("8ca523f5e9506fed4657c9700eebdbec");
  });

  test("digest: gives the response of RFC 7616 §3.9.2 for SHA-512-256, as its erratum 4897 corrects it", () => {
    const response = digestResponse({
      algorithm: "SHA-512-256",
      ha1: hashA1("SHA-512-256", "J\u00e4s\u00f8n Doe", "api@example.org", "Secret, or not?"),
      method: "GET",
      uri: "/doe.json",
      nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
      auth: { nc: "00000001", cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v" },
    });
    expect(response).toBe("3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
  });

  test("digest: gives the response of RFC 2617 §3.5", () => {
    const answered = answerChallenge(
      challenge({ realm: "testrealm@host.com", qop: "auth,auth-int", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093" }),
      {
        username: "Mufasa",
        password: "Circle Of Life",
        method: "GET",
        uri: "/dir/index.html",
        cnonce: "0a4f113b",
        nonceCount: 1,
      },
    );
    expect(answered?.params.get("response")).toBe("6629fae49393a05397450978507c4ef1");
    expect(answered?.params.has("algorithm")).toBe(false);
  });

  test("digest client: takes the topmost challenge it can answer (RFC 8760 §2.4)", () => {
    const sha = challenge({ realm: "r", nonce: "n", algorithm: "SHA-256", qop: "auth" });
    const md5 = challenge({ realm: "r", nonce: "n", qop: "auth" });
    const odd = challenge({ realm: "r", nonce: "n", algorithm: "SHA-256-sess", qop: "auth" });
    const integrityOnly = challenge({ realm: "r", nonce: "n", qop: "auth-int" });
    const basic = { scheme: "Basic", params: new Map([["realm", "r"]]) };
    expect(pickChallenge([basic, odd, integrityOnly, sha, md5])).toBe(sha);
    expect(pickChallenge([sha, md5], ["MD5"])).toBe(md5);
    expect(pickChallenge([odd, integrityOnly, basic])).toBeUndefined();
    expect(pickChallenge([])).toBeUndefined();
  });

  test("digest client: answers a challenge without qop as RFC 2069 did, without counts", () => {
    const answered = answerChallenge(challenge({ realm: "r", nonce: "n" }), {
      username: "u",
      password: "p",
      method: "REGISTER",
      uri: "sip:r",
      cnonce: "c",
      nonceCount: 1,
    });
    expect([...answered!.params.keys()]).toEqual(["username", "realm", "nonce", "uri", "response"]);
  });
});

const secretOf = (username: string): DigestSecret | undefined =>
  username === "alice" ? { type: "password", password: "wonderland" } : undefined;

const makeServer = (maxNonces = 100): DigestServer =>
  new DigestServer({ ...defaultDigestServer, realm: "example.com", nonceKey: Buffer.alloc(32, 7), maxNonces });

/** Credentials that went over the wire as text. */
function login(from: AuthValue, changes: Partial<Parameters<typeof answerChallenge>[1]> = {}): AuthValue {
  const overTheWire = wwwAuthenticateField.parse(wwwAuthenticateField.write(from))!;
  const answered = answerChallenge(overTheWire, {
    username: "alice",
    password: "wonderland",
    method: "REGISTER",
    uri: "sip:example.com",
    cnonce: "abcdef",
    nonceCount: 1,
    ...changes,
  })!;
  return authorizationField.parse(authorizationField.write(answered))!;
}

describe("digest server", () => {
  test("digest server: challenges with SHA-256 first and MD5 only when told to (RFC 8760)", () => {
    const algorithms = (server: DigestServer) => server.challenges(0).map(({ params }) => params.get("algorithm"));
    expect(algorithms(makeServer())).toEqual(["SHA-256", "SHA-512-256"]);
    const nonceKey = Buffer.alloc(32);
    const options = { ...defaultDigestServer, realm: "r", nonceKey, algorithms: ["SHA-256", "MD5"] } as const;
    expect(algorithms(new DigestServer(options))).toEqual(["SHA-256", "MD5"]);
  });

  test("digest server: lets in who knows the password, with every algorithm it offers", () => {
    const server = makeServer();
    for (const offered of server.challenges(1000)) {
      expect(server.check(login(offered), "REGISTER", secretOf, 1500)).toEqual({ type: "ok", username: "alice" });
    }
  });

  test("digest server: takes a stored H(A1) in place of the password", () => {
    const server = makeServer();
    const ha1 = { "SHA-256": hashA1("SHA-256", "alice", "example.com", "wonderland") };
    const [first, second] = server.challenges(0) as [AuthValue, AuthValue];
    expect(server.check(login(first), "REGISTER", () => ({ type: "ha1", ha1 }), 0).type).toBe("ok");
    expect(server.check(login(second), "REGISTER", () => ({ type: "ha1", ha1 }), 0).type).toBe("refused");
  });

  test("digest server: refuses a wrong password, an unknown user and another method alike", () => {
    const server = makeServer();
    const [offered] = server.challenges(0) as [AuthValue];
    const credentials = { type: "refused", reason: "credentials" };
    expect(server.check(login(offered, { password: "x" }), "REGISTER", secretOf, 0)).toEqual(credentials);
    expect(server.check(login(offered, { username: "bob" }), "REGISTER", secretOf, 0)).toEqual(credentials);
    expect(server.check(login(offered), "INVITE", secretOf, 0)).toEqual(credentials);
    // An unknown user with the empty password, which is what the dummy work is done with.
    const empty = login(offered, { username: "bob", password: "" });
    expect(server.check(empty, "REGISTER", secretOf, 0)).toEqual(credentials);
  });

  test("digest server: an old nonce is stale for who knows the password, and no hint for who does not", () => {
    const server = makeServer();
    const [offered] = server.challenges(0) as [AuthValue];
    const late = defaultDigestServer.nonceLifetimeMs + 1;
    expect(server.check(login(offered), "REGISTER", secretOf, late)).toEqual({ type: "stale" });
    expect(server.check(login(offered, { password: "x" }), "REGISTER", secretOf, late).type).toBe("refused");
    expect(server.challenges(late, true)[0]?.params.get("stale")).toBe("true");
  });

  test("digest server: a nonce of another key, a changed one and one of no shape are refused", () => {
    const server = makeServer();
    const foreign = new DigestServer({ ...defaultDigestServer, realm: "example.com", nonceKey: Buffer.alloc(32, 8) });
    const [offered] = foreign.challenges(0) as [AuthValue];
    expect(server.check(login(offered), "REGISTER", secretOf, 0)).toEqual({ type: "refused", reason: "nonce" });
    const [own] = server.challenges(0) as [AuthValue];
    const nonce = own.params.get("nonce")!;
    for (const changed of [nonce.replace(/^./, "1"), "", `${nonce}0`, "0-0-0"]) {
      const bent = { scheme: "Digest", params: new Map(own.params).set("nonce", changed) };
      expect(server.check(login(bent), "REGISTER", secretOf, 0)).toEqual({ type: "refused", reason: "nonce" });
    }
  });

  test("digest server: each nonce count is good once, and late ones within the window", () => {
    const server = makeServer();
    const [offered] = server.challenges(0) as [AuthValue];
    const use = (nonceCount: number) => server.check(login(offered, { nonceCount }), "REGISTER", secretOf, 0).type;
    expect([1, 2, 2, 5, 4, 4, 1, 60, 59, 5, 3].map(use)).toEqual([
      "ok",
      "ok",
      "refused",
      "ok",
      "ok",
      "refused",
      "refused",
      "ok",
      "ok",
      "refused",
      "refused",
    ]);
  });

  test("digest server: forgets the oldest nonces when there are too many, and then calls them stale, not fresh", () => {
    const server = makeServer(2);
    const offered = [0, 1, 2].map((at) => server.challenges(at)[0]!);
    for (const one of offered) expect(server.check(login(one), "REGISTER", secretOf, 3).type).toBe("ok");
    expect(server.check(login(offered[0]!), "REGISTER", secretOf, 3).type).toBe("stale");
    expect(server.check(login(offered[2]!), "REGISTER", secretOf, 3)).toEqual({ type: "refused", reason: "replay" });
  });

  test("digest server: credentials without qop, count or realm are malformed or foreign, never accepted", () => {
    const server = makeServer();
    const [offered] = server.challenges(0) as [AuthValue];
    const good = login(offered);
    for (const name of good.params.keys()) {
      const params = new Map(good.params);
      params.delete(name);
      expect(server.check({ scheme: "Digest", params }, "REGISTER", secretOf, 0).type).toBe("refused");
    }
    expect(server.check({ scheme: "Basic", params: good.params }, "REGISTER", secretOf, 0).type).toBe("refused");
    const elsewhere = { scheme: "Digest", params: new Map(good.params).set("realm", "other") };
    expect(server.check(elsewhere, "REGISTER", secretOf, 0)).toEqual({ type: "refused", reason: "realm" });
  });
});
