import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { agentAt } from "../kit/calls.ts";
import { eventually, type Json } from "../kit/gateway.ts";
import { type Kamailio, startKamailio } from "../kit/kamailio.ts";
import { openRtpPeer } from "../kit/rtp-peer.ts";
import { headerOf, requestsOf, startSipp } from "../kit/sipp.ts";
import {
  callFrom,
  callThatIs,
  greetingHeard,
  hearsGreeting,
  placeCall,
  type SpeakingGateway,
  startSpeakingGateway,
} from "../kit/trunks.ts";

const line = "+15550100";
const password = "swordfish and more";

let exchange: SpeakingGateway;
let carrier: Kamailio;

beforeAll(async () => {
  exchange = await startSpeakingGateway();
  carrier = await startKamailio({ line, password, algorithm: "SHA-256", gatewayPort: exchange.sipPort });
});

afterAll(async () => {
  await exchange?.close();
  await carrier?.close();
});

const uri = (user = "") => `sip:${user === "" ? "" : `${user}@`}${carrier.host}:${carrier.port}`;

/** Makes a trunk that registers with the carrier; taken back with the test. */
async function registeringTrunk(change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const trunk = {
    name: `Line ${Math.random()}`,
    register: { registrar: uri(), aor: uri(line), expires_s: 300 },
    password,
    probe_every_s: 0,
    ...change,
  };
  const { status, body } = await exchange.gateway.api("POST", "/trunks", trunk);
  if (status !== 201) throw new Error(`trunk refused: ${JSON.stringify(body)}`);
  onTestFinished(async () => {
    try {
      await exchange.gateway.api("PATCH", `/trunks/${body.id}`, { enabled: false });
      await exchange.gateway.api("DELETE", `/trunks/${body.id}`);
    } catch {
      // The gateway was stopped by the test.
    }
  });
  return body.id;
}

/** The registration of a trunk, once it is in a state. */
const registrationThatIs = (trunk: string, state: string): Promise<Json> =>
  eventually(`the trunk is ${state}`, async () => {
    const { registration } = (await exchange.gateway.api("GET", `/trunks/${trunk}`)).body;
    return registration?.state === state ? registration : undefined;
  });

/** Somebody calls a number by the carrier; rejects when the carrier refuses. */
async function calls(caller: string, number: string, pauseMs: number) {
  const ear = await openRtpPeer();
  const target = `${carrier.host}:${carrier.port}`;
  const sipp = await startSipp("uac-calls", { target, number, keys: { caller, ear_port: ear.port }, pauseMs });
  return { ear, done: sipp.done };
}

/** Resolves when the carrier knows that nobody is at the line any more. */
async function lineIsGone(): Promise<void> {
  await eventually("the carrier knows", async () => {
    const { done } = await calls("+15550152", line, 100);
    return done.then(
      () => undefined,
      (error: Error) => (error.message.includes("480 Not Registered") ? true : undefined),
    );
  });
}

describe("a trunk that registers with Kamailio", () => {
  test("registers with digest; a call to its line comes by the carrier and hears the greeting", async () => {
    const trunk = await registeringTrunk();
    const registration = await registrationThatIs(trunk, "registered");
    expect(registration).toMatchObject({ last_error: null, expires_at: expect.any(String) });
    const { ear, done } = await calls("+15550151", line, 6000);
    await done;
    hearsGreeting(ear);
    const { id } = await callFrom(exchange, "+15550151");
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({
      to: line,
      trunk_id: trunk,
      cause: "caller-hung-up",
    });
    const { body } = await exchange.gateway.api("GET", `/calls/${id}/sip`);
    const received = body.messages.filter(({ direction }: Json) => direction === "in").map(({ raw }: Json) => raw);
    expect(headerOf(received[0], "Record-Route")).toContain(`<sip:${carrier.host}:${carrier.port}`);
    expect(received.at(-1)).toMatch(/^BYE /);
  }, 120_000);

  test("a call of ours goes out by the carrier, with digest; what follows takes the carrier's route (RFC 3261 §12.2.1.1)", async () => {
    const trunk = await registeringTrunk();
    await registrationThatIs(trunk, "registered");
    const ear = await openRtpPeer();
    const sipp = await startSipp("uas-answers", { keys: { ear_port: ear.port } });
    const { id } = await placeCall(exchange, { trunk, to: `+1777${String(sipp.port).padStart(5, "0")}` });
    await callThatIs(exchange, id, "in-progress");
    await greetingHeard(ear);
    await exchange.gateway.api("POST", `/calls/${id}/hangup`);
    const result = await sipp.done;
    const [invite] = requestsOf(result, "INVITE");
    expect(headerOf(invite, "From")).toMatch(new RegExp(`^<sip:\\+15550122@${carrier.host}`));
    expect(headerOf(invite, "Proxy-Authorization")).toBeUndefined();
    for (const method of ["ACK", "BYE"]) {
      const [request] = requestsOf(result, method);
      expect(request?.match(/^Via: /gim)).toHaveLength(2);
    }
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "api-hung-up", trunk_id: trunk });
  }, 120_000);

  test("far ends that hang up, or refuse, are told by the carrier", async () => {
    const trunk = await registeringTrunk();
    await registrationThatIs(trunk, "registered");
    const ear = await openRtpPeer();
    const talks = await startSipp("uas-hangs-up", { keys: { ear_port: ear.port } });
    const refuses = await startSipp("uas-refuses", { keys: { status: 486 } });
    const [one, two] = await Promise.all(
      [talks, refuses].map(({ port }) => placeCall(exchange, { trunk, to: `+1777${String(port).padStart(5, "0")}` })),
    );
    await Promise.all([talks.done, refuses.done]);
    expect(await callThatIs(exchange, one.id, "ended")).toMatchObject({ cause: "callee-hung-up" });
    expect(await callThatIs(exchange, two.id, "ended")).toMatchObject({ cause: "busy", sip_status: 486 });
  }, 120_000);

  test("with a wrong password it says so and does not go on guessing", async () => {
    // Others may still be taking theirs back.
    const before = new Set(carrier.registers());
    const trunk = await registeringTrunk({ password: "mackerel" });
    const registration = await registrationThatIs(trunk, "failed");
    expect(registration.last_error).toMatch(/password|credentials/i);
    expect(carrier.registers().filter((id) => !before.has(id))).toHaveLength(2);
    const { body } = await exchange.gateway.api("PATCH", `/trunks/${trunk}`, { password });
    expect(body.has_password).toBe(true);
    await registrationThatIs(trunk, "registered");
  }, 120_000);

  test("switched off it takes its registration back", async () => {
    const trunk = await registeringTrunk();
    await registrationThatIs(trunk, "registered");
    await exchange.gateway.api("PATCH", `/trunks/${trunk}`, { enabled: false });
    await lineIsGone();
  }, 120_000);
});

describe("Kamailio as a proxy in front of the gateway", () => {
  test("a trunk by its address: its calls reach any number of ours, and hang up through the proxy", async () => {
    const { body } = await exchange.gateway.api("POST", "/trunks", {
      name: "Front",
      inbound: { sources: [carrier.host] },
      rewriting: { inbound: [{ match: "+15550177", replace: "+15550178" }] },
    });
    await agentAt(exchange.gateway, "+15550178", { name: "Behind the proxy", provider: "openai-realtime" });
    const { ear, done } = await calls("+15550153", "+15550177", 6000);
    await done;
    hearsGreeting(ear);
    const { id } = await callFrom(exchange, "+15550153");
    const call = await callThatIs(exchange, id, "ended");
    expect(call).toMatchObject({ to: "+15550178", trunk_id: body.id, cause: "caller-hung-up" });
    await expect((await calls("+15550154", "+15550179", 100)).done).rejects.toThrow("404 Not Found");
  }, 120_000);
});

describe("a gateway that stops", () => {
  test("takes its registrations back before it goes", async () => {
    const trunk = await registeringTrunk();
    await registrationThatIs(trunk, "registered");
    await exchange.gateway.stop("SIGTERM");
    await lineIsGone();
  }, 120_000);
});
