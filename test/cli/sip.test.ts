import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { traceSip } from "../../src/cli/sip.ts";
import { readConfig } from "../../src/config.ts";

const callId = "call_00000000000000000000000000";
const sipCallId = "a b/c@[::1]";
const message = {
  at_ms: 0,
  direction: "in",
  transport: "UDP",
  peer: "192.0.2.1:5060",
  raw: "INVITE sip:b SIP/2.0\r\n",
};
const ladder = { dropped: 0, messages: [{ ...message, sip_call_id: sipCallId, summary: "INVITE sip:b" }] };
const dialogs = [
  {
    sip_call_id: "stranger\u001b[2J",
    call_id: null,
    method: "INVITE",
    status: 403,
    from: "sip:x@y",
    to: "sip:b@c",
    peer: "192.0.2.7:5060",
    messages: 3,
    last_at: "2026-11-22T12:00:05.000Z",
  },
  {
    sip_call_id: "ours",
    call_id: callId,
    method: "INVITE",
    status: null,
    from: "sip:a@b",
    to: "sip:b@c",
    peer: "192.0.2.1:5060",
    messages: 2,
    last_at: "2026-11-22T12:00:00.000Z",
  },
];

describe("tandem sip trace", () => {
  let gateway: Server;
  let asked: string[];
  let out: string[];
  let err: string[];
  let answers: Record<string, unknown>;
  const options = { limit: "20", key: "tk_live_test", url: "" };

  beforeAll(async () => {
    gateway = createServer((request, response) => {
      asked.push(`${request.headers.authorization} ${request.url}`);
      const answer = answers[request.url ?? ""];
      response.statusCode = answer === undefined ? 404 : 200;
      response.end(JSON.stringify(answer ?? { error: { code: "not_found", message: "there is no such call" } }));
    });
    await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
    options.url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/`;
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    [asked, out, err] = [[], [], []];
    answers = {
      [`/api/v1/calls/${callId}/sip`]: { call_id: callId, ...ladder },
      [`/api/v1/sip/messages?sip_call_id=${encodeURIComponent(sipCallId)}`]: ladder,
      "/api/v1/sip/dialogs?limit=20": { data: dialogs },
    };
    vi.spyOn(console, "log").mockImplementation((line: string) => void out.push(line));
    vi.spyOn(console, "error").mockImplementation((line: string) => void err.push(line));
  });
  afterEach(() => void vi.restoreAllMocks());

  const config = readConfig({});

  test("sip trace: a call's id, and a SIP Call-ID of any characters, give a ladder", async () => {
    expect(await traceSip(config, callId, options)).toBe(0);
    expect(await traceSip(config, sipCallId, options)).toBe(0);
    expect(out.filter((line) => line.includes("INVITE sip:b")).length).toBe(2);
    expect(out[0]).toMatch(/^ {8}ms {2}Tandem +192\.0\.2\.1:5060 UDP$/);
    expect(asked[0]).toBe(`Bearer tk_live_test /api/v1/calls/${callId}/sip`);
  });

  test("sip trace: --raw adds the messages, --json prints what the API said and nothing else", async () => {
    await traceSip(config, callId, { ...options, raw: true });
    expect(out).toContain("  INVITE sip:b SIP/2.0");
    out.length = 0;
    await traceSip(config, callId, { ...options, json: true });
    expect(JSON.parse(out.join("\n"))).toEqual({ call_id: callId, ...ladder });
  });

  test("sip trace: without an id the Call-IDs heard of last, newest at the end, harmless to the terminal", async () => {
    expect(await traceSip(config, undefined, options)).toBe(0);
    expect(out).toEqual([
      `2026-11-22T12:00:00.000Z  INVITE  -  sip:a@b > sip:b@c  192.0.2.1:5060  ${callId}  ours`,
      "2026-11-22T12:00:05.000Z  INVITE  403  sip:x@y > sip:b@c  192.0.2.7:5060  stranger?[2J",
    ]);
  });

  test("sip trace: nothing to show is said, with exit code 1", async () => {
    answers = {
      [`/api/v1/calls/${callId}/sip`]: { call_id: callId, dropped: 0, messages: [] },
      "/api/v1/sip/dialogs?limit=20": { data: [] },
    };
    expect(await traceSip(config, callId, options)).toBe(1);
    expect(await traceSip(config, undefined, options)).toBe(1);
    expect(err).toEqual(["no SIP message of this call is remembered", "no SIP message has been seen yet"]);
    await expect(traceSip(config, "nobody", options)).rejects.toThrow(/answered 404: there is no such call/);
    await expect(traceSip(config, undefined, { ...options, limit: "many" })).rejects.toThrow(/--limit/);
  });
});
