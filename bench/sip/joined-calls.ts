import type { Result } from "../report.ts";
import type { ExchangeGateway } from "./exchange-gateway.ts";
import { startMediaLoad } from "./media-load-process.ts";
import { registerPhone } from "./register-phone.ts";
import { runSipp, takeCallsWithSipp } from "./sipp.ts";
import { calleeScenario, callerScenario, offeredOpus, offeredPcmu, portTable } from "./sipp-scenarios.ts";
import { cpuResults, measureTalking, portsInTurn, rampCallsPerSecond, streamResults, talkMsOf } from "./talking.ts";

const number = "+15550130";
const phone = { username: "bench", password: "bench-bench-bench", number };

/** Callers who speak Opus, joined with a telephone that speaks G.711: both sides decoded, mixed and encoded. */
export async function benchJoinedCalls(gateway: ExchangeGateway, calls: number, seconds: number): Promise<Result[]> {
  const made = await gateway.api("POST", "/phones", phone);
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  const load = await startMediaLoad({
    lines: [
      { codec: "opus", echo: false },
      { codec: "pcmu", echo: false },
    ],
  });
  try {
    const port = await registerPhone(gateway.sipTarget, phone);
    const table = (line: number) => portTable(portsInTurn(calls, load.ports[line]));
    const taken = takeCallsWithSipp(port, calls, { xml: calleeScenario(offeredPcmu), table: table(1) });
    const run = runSipp({
      target: gateway.sipTarget,
      number,
      calls,
      callsPerSecond: rampCallsPerSecond / 2,
      talkMs: talkMsOf(2 * calls, seconds),
      scenario: { xml: callerScenario(offeredOpus), table: table(0) },
    });
    const talked = await measureTalking(gateway, load, { calls: 2 * calls, phones: 2 * calls, seconds });
    const failed = (await run).failed + (await taken).failed;
    await gateway.idle();
    const [opus, pcmu] = talked.lines;
    if (!opus || !pcmu) throw new Error("the telephones measured nothing");
    return [
      { name: "Opus ↔ G.711: calls that failed", value: failed, unit: "", atMost: 0 },
      ...cpuResults("Opus ↔ G.711", calls, talked, "rtpengine 1.3–1.5 %"),
      ...streamResults("Opus side", opus, talked),
      ...streamResults("G.711 side", pcmu, talked),
    ];
  } finally {
    load.close();
  }
}
