import { describe, expect, test } from "vitest";
import { firstHop, nextHop, readTarget } from "../../src/kit/http-hop.ts";

const first = firstHop(new URL("https://a.example/tool?x=1"), {
  method: "POST",
  headers: {
    Authorization: "Bearer x",
    "X-Tandem-Signature": "t=1",
    "Content-Type": "application/json",
    "X-Api-Key": "1",
  },
  body: "{}",
});

describe("redirect rules", () => {
  test.each([307, 308])("redirect: %i keeps method and body (RFC 9110 §15.4.8)", (status) => {
    const next = nextHop(first, status, "/other", false);
    expect(next?.url.href).toBe("https://a.example/other");
    expect(next).toMatchObject({ method: "POST", body: "{}", headers: { authorization: "Bearer x" } });
  });

  test.each([301, 302, 303])("redirect: %i turns POST into GET without a body", (status) => {
    const next = nextHop(first, status, "/other", false);
    expect(next).toMatchObject({ method: "GET", body: undefined });
    expect(next?.headers).toEqual({ authorization: "Bearer x", "x-tandem-signature": "t=1", "x-api-key": "1" });
  });

  test("redirect: another origin gets neither authorization nor signature nor any header of the customer's own", () => {
    for (const location of ["https://b.example/", "https://a.example:444/", "//b.example/x"]) {
      expect(nextHop(first, 307, location, false)?.headers).toEqual({ "content-type": "application/json" });
    }
  });

  test("redirect: a status without Location, or another status, is the answer", () => {
    expect(nextHop(first, 302, undefined, false)).toBeUndefined();
    expect(nextHop(first, 304, "/x", false)).toBeUndefined();
    expect(nextHop(first, 200, "/x", false)).toBeUndefined();
  });

  test.each([
    "http://a.example/",
    "ftp://a.example/",
    "file:///etc/passwd",
    "https://user:pw@a.example/",
    "https://",
    "data:,x",
  ])("target: %s is refused, asked for or redirected to", (text) => {
    expect(() => readTarget(text, false)).toThrow(expect.objectContaining({ kind: "refused-scheme" }));
    expect(() => nextHop(first, 307, text, false)).toThrow(expect.objectContaining({ kind: "refused-scheme" }));
  });

  test("target: plain http only where private targets are allowed, credentials never", () => {
    expect(readTarget("http://127.0.0.1:8080/x", true).port).toBe("8080");
    expect(() => readTarget("http://u@127.0.0.1/", true)).toThrow();
  });
});
