/** Calls of frame phones on a gateway under test: dialled, talking all at once, and how long their frames took. */
import { performance } from "node:perf_hooks";
import { FramePhone, type FrameTimes } from "./frame-phone.ts";
import type { StartedGateway } from "./sim/gateway.ts";

/** The number that the bench's agent answers. */
export const benchNumber = "+15550111";

/** A call of the bench's. */
export interface FrameCall {
  readonly phone: FramePhone;
  readonly callId: string;
}

/** Has an agent with `settings`, on the simulated provider, answer the bench's number. */
export async function makeBenchAgent(gateway: StartedGateway, settings: Record<string, unknown>): Promise<void> {
  const agent = await gateway.api("POST", "/agents", {
    name: "Bench",
    instructions: "",
    provider: "openai-realtime",
    ...settings,
  });
  if (agent.status !== 201) throw new Error(JSON.stringify(agent.body));
  const number = await gateway.api("POST", "/numbers", { number: benchNumber, inbound_agent_id: agent.body.id });
  if (number.status !== 201) throw new Error(JSON.stringify(number.body));
}

/** A call whose stream a telephone may open. */
export async function openStream(gateway: StartedGateway): Promise<{ url: string; token: string; callId: string }> {
  const { status, body } = await gateway.api("POST", "/streams", {
    carrier: "twilio",
    to: benchNumber,
    from: "+15550122",
    metadata: {},
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return { url: body.url, token: body.token, callId: body.call_id };
}

/** Calls the agent; `loud`: with noise that is taken for speech. */
export async function dial(gateway: StartedGateway, loud = false): Promise<FrameCall> {
  const { url, token, callId } = await openStream(gateway);
  return { phone: new FramePhone(url, token, loud), callId };
}

/** Every phone sends a frame each 20 ms; like callers, they are not in step with one another. */
export async function talk(phones: readonly FramePhone[], lengthMs: number): Promise<void> {
  const startedAt = performance.now();
  for (let ms = 0; ms < lengthMs; ms++) {
    for (let i = ms % 20; i < phones.length; i += 20) phones[i]?.sendFrame();
    const dueAt = startedAt + ms + 1;
    if (performance.now() < dueAt) await sleepUntil(dueAt);
  }
}

/** Delays of the frames that arrived, in ms. */
export function delays(left: FrameTimes, arrived: ReadonlyMap<string, number>): number[] {
  return [...left].flatMap(([name, at]) => {
    const arrivedAt = arrived.get(name);
    return arrivedAt === undefined ? [] : [arrivedAt - at];
  });
}

/** Waits until a moment of `performance.now()`. */
export async function sleepUntil(at: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));
}
