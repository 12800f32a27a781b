import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { decodeG711, pcmuLaw } from "../../src/codecs/g711.ts";
import { recognise } from "../kit/audio-judge.ts";
import { eventually, type Json } from "../kit/gateway.ts";
import { openRtpPeer } from "../kit/rtp-peer.ts";
import { headerOf, requestsOf, startSipp } from "../kit/sipp.ts";
import {
  addTrunk,
  callThatIs,
  greeting,
  greetingHeard,
  placeCall,
  type SpeakingGateway,
  startSpeakingGateway,
} from "../kit/trunks.ts";

let exchange: SpeakingGateway;

beforeAll(async () => {
  exchange = await startSpeakingGateway();
});

afterAll(() => exchange?.close());

const hangUp = (id: string) => exchange.gateway.api("POST", `/calls/${id}/hangup`);

/** A port where everything that comes is swallowed. */
async function silentPort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return socket.address().port;
}

describe("calls over a static trunk to SIPp", () => {
  test("answered: numbers are rewritten, the identity is asserted, both sides hear each other; we hang up", async () => {
    const ear = await openRtpPeer();
    const sipp = await startSipp("uas-answers", { keys: { ear_port: ear.port } });
    const trunk = await addTrunk(exchange, [sipp.port], {
      assert_identity: true,
      from_domain: "pbx.example.com",
      rewriting: { outbound: [{ match: "+1555", replace: "00555" }] },
    });
    const before = exchange.sim.sessions.length;
    const { id, status, direction } = await placeCall(exchange, { trunk });
    expect({ status, direction }).toEqual({ status: "queued", direction: "outbound" });
    await callThatIs(exchange, id, "in-progress");
    await greetingHeard(ear);
    const session = exchange.sim.sessions[before];
    const sofar = session?.callerAudioBytes ?? 0;
    const said = Int16Array.from([...greeting, ...greeting]);
    await ear.say(said);
    await eventually("the model hears the callee", () =>
      (session?.callerAudioBytes ?? 0) >= sofar + said.length ? true : undefined,
    );
    const atModel = session!.callerAudio().subarray(sofar);
    const pcm = new Int16Array(atModel.length);
    decodeG711(pcmuLaw, atModel, pcm);
    const { found, joined } = recognise(greeting, pcm);
    expect(found).toBeGreaterThanOrEqual(0.9);
    expect(joined).toBeGreaterThanOrEqual(0.7);
    await hangUp(id);
    const result = await sipp.done;
    const [invite] = requestsOf(result, "INVITE");
    expect(invite).toMatch(/^INVITE sip:005550199@127\.0\.0\.1:\d+ SIP/);
    expect(headerOf(invite, "From")).toMatch(/^<sip:005550122@pbx\.example\.com>;tag=/);
    expect(headerOf(invite, "P-Asserted-Identity")).toBe("<sip:005550122@pbx.example.com>");
    const call = await callThatIs(exchange, id, "ended");
    expect(call).toMatchObject({ cause: "api-hung-up", trunk_id: trunk, sip_status: null });
    expect(call.carrier_call_id).toBe(headerOf(invite, "Call-ID"));
  }, 120_000);

  test("the far end hangs up", async () => {
    const ear = await openRtpPeer();
    const sipp = await startSipp("uas-hangs-up", { keys: { ear_port: ear.port }, pauseMs: 1000 });
    const { id } = await placeCall(exchange, { trunk: await addTrunk(exchange, [sipp.port]) });
    await sipp.done;
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "callee-hung-up", ended_by: "callee" });
    expect(ear.packets()).toBeGreaterThan(0);
  }, 120_000);

  test("over TCP", async () => {
    const ear = await openRtpPeer();
    const sipp = await startSipp("uas-hangs-up", { keys: { ear_port: ear.port }, transport: "tcp" });
    const targets = [{ uri: `sip:127.0.0.1:${sipp.port};transport=tcp` }];
    const { id } = await placeCall(exchange, {
      trunk: await addTrunk(exchange, [sipp.port], { outbound: { targets } }),
    });
    const result = await sipp.done;
    expect(headerOf(requestsOf(result, "INVITE")[0], "Via")).toMatch(/^SIP\/2\.0\/TCP /);
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "callee-hung-up" });
  }, 120_000);

  test.each([
    { status: 486, cause: "busy" },
    { status: 480, cause: "no-answer" },
    { status: 603, cause: "call-refused" },
    { status: 404, cause: "call-refused" },
    { status: 503, cause: "call-refused" },
  ])(
    "refused with $status: the call ends as $cause and has the status",
    async ({ status, cause }) => {
      const sipp = await startSipp("uas-refuses", { keys: { status } });
      const { id } = await placeCall(exchange, { trunk: await addTrunk(exchange, [sipp.port]) });
      await sipp.done;
      expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause, sip_status: status, started_at: null });
    },
    120_000,
  );

  test("nobody answers in time: the far end gets a CANCEL (RFC 3261 §9.1)", async () => {
    const sipp = await startSipp("uas-rings");
    const trunk = await addTrunk(exchange, [sipp.port]);
    const { id } = await placeCall(exchange, { trunk, ring_timeout_ms: 5000 });
    await callThatIs(exchange, id, "ringing");
    await sipp.done;
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "no-answer" });
  }, 120_000);

  test("given up by the API while it rings: the far end gets a CANCEL", async () => {
    const sipp = await startSipp("uas-rings");
    const { id } = await placeCall(exchange, { trunk: await addTrunk(exchange, [sipp.port]) });
    await callThatIs(exchange, id, "ringing");
    await hangUp(id);
    await sipp.done;
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "cancelled", ended_by: "api" });
  }, 120_000);

  test.each([
    { what: "503", port: async () => (await startSipp("uas-refuses", { keys: { status: 503 } })).port },
    { what: "silence", port: silentPort },
  ])(
    "a target that answers with $what: the next one gets the call, and the first is known to be down",
    async ({ port }) => {
      const ear = await openRtpPeer();
      const broken = await port();
      const sipp = await startSipp("uas-hangs-up", { keys: { ear_port: ear.port } });
      const trunk = await addTrunk(exchange, [broken, sipp.port]);
      const { id } = await placeCall(exchange, { trunk });
      await sipp.done;
      expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "callee-hung-up", sip_status: null });
      const { body } = await exchange.gateway.api("GET", `/trunks/${trunk}`);
      expect(body.targets).toMatchObject([{ state: "down" }, { state: "up" }]);
      expect(body.calls_now).toBe(0);
    },
    120_000,
  );

  test.each([
    { status: 401, algorithm: "MD5", asks: "WWW-Authenticate", answers: "Authorization" },
    { status: 407, algorithm: "SHA-256", asks: "Proxy-Authenticate", answers: "Proxy-Authorization" },
  ])(
    "challenged with $status and $algorithm: the INVITE comes again with the right response (RFC 7616)",
    async ({ status, algorithm, asks, answers }) => {
      const ear = await openRtpPeer();
      const challenge = `${asks}: Digest realm="carrier", nonce="n0nce", algorithm=${algorithm}, qop="auth"`;
      const sipp = await startSipp("uas-challenges", { keys: { status, challenge, ear_port: ear.port } });
      const settings = { outbound: { username: "house" }, password: "correct horse" };
      const { id } = await placeCall(exchange, { trunk: await addTrunk(exchange, [sipp.port], settings) });
      await callThatIs(exchange, id, "in-progress");
      await hangUp(id);
      const result = await sipp.done;
      const given = headerOf(requestsOf(result, "INVITE")[1], answers) ?? "";
      const param = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(given)?.[1] ?? "";
      const hash = algorithm === "MD5" ? "md5" : "sha256";
      const h = (text: string) => createHash(hash).update(text).digest("hex");
      const ha1 = h("house:carrier:correct horse");
      const ha2 = h(`INVITE:${param("uri")}`);
      expect(param("response")).toBe(h(`${ha1}:n0nce:${param("nc")}:${param("cnonce")}:auth:${ha2}`));
      expect(headerOf(requestsOf(result, "ACK")[1], answers)).toBe(given);
    },
    120_000,
  );

  test("redirected with 302: the call goes where it was sent (RFC 3261 §8.1.3.4)", async () => {
    const ear = await openRtpPeer();
    const there = await startSipp("uas-hangs-up", { keys: { ear_port: ear.port } });
    const elsewhere = `sip:+15550177@127.0.0.1:${there.port}`;
    const here = await startSipp("uas-redirects", { keys: { elsewhere } });
    const { id } = await placeCall(exchange, { trunk: await addTrunk(exchange, [here.port]) });
    await here.done;
    const result = await there.done;
    expect(requestsOf(result, "INVITE")[0]).toContain(`INVITE ${elsewhere} SIP/2.0`);
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "callee-hung-up" });
  }, 120_000);

  test.each([
    { how: "an unreliable 183 and a 200 without SDP", scenario: "uas-early-media" },
    { how: "a reliable 183 and PRACK, and a 200 without SDP (RFC 3262)", scenario: "uas-reliable" },
    {
      how: "a 200 after 422 and a longer session interval, refreshed by the far end (RFC 4028)",
      scenario: "uas-session-timer",
    },
  ])(
    "answered by $how: the greeting is heard",
    async ({ scenario }) => {
      const ear = await openRtpPeer();
      const sipp = await startSipp(scenario, { keys: { ear_port: ear.port } });
      const { id } = await placeCall(exchange, { trunk: await addTrunk(exchange, [sipp.port]) });
      await callThatIs(exchange, id, "in-progress");
      await greetingHeard(ear);
      await hangUp(id);
      await sipp.done;
      expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "api-hung-up" });
    },
    120_000,
  );

  test("the same Idempotency-Key twice at once: one call, and another order under it is refused", async () => {
    const ear = await openRtpPeer();
    const sipp = await startSipp("uas-hangs-up", { keys: { ear_port: ear.port } });
    const trunk = await addTrunk(exchange, [sipp.port]);
    const key = `order-${sipp.port}`;
    const order = async (to: string) => {
      const answer = await fetch(`${exchange.gateway.httpUrl}/api/v1/calls`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${exchange.gateway.apiKey}`,
          "content-type": "application/json",
          "idempotency-key": key,
        },
        body: JSON.stringify({ from: "+15550122", to, trunk, agent: { provider: "openai-realtime" } }),
      });
      return {
        status: answer.status,
        replayed: answer.headers.get("idempotent-replayed"),
        call: (await answer.json()) as Json,
      };
    };
    const [one, two] = await Promise.all([order("+15550199"), order("+15550199")]);
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(one.call.id).toBe(two.call.id);
    expect([one.replayed, two.replayed].filter((replayed) => replayed === "true")).toHaveLength(1);
    expect((await order("+15550198")).status).toBe(409);
    await sipp.done;
    expect(await callThatIs(exchange, one.call.id, "ended")).toMatchObject({ cause: "callee-hung-up" });
  }, 120_000);
});
