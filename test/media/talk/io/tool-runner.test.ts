import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { checkSignature } from "../../../../src/kit/signature.ts";
import type { TransferTarget } from "../../../../src/media/protocol.ts";
import type { TransferWish } from "../../../../src/media/talk/handover.ts";
import { createToolRunner, type ToolRunner } from "../../../../src/media/talk/io/tool-runner.ts";
import type { ToolOutcome } from "../../../../src/media/talk/tools.ts";

interface Seen {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly response: ServerResponse;
}

/** A runner whose every call is answered. */
interface AnsweringRunner {
  run(...call: Parameters<ToolRunner["run"]>): Promise<ToolOutcome>;
  close(): void;
}

const sales: TransferTarget = { name: "Sales", description: "", to: "201", mode: "blind", confirm: "none" };

describe("tool runner", () => {
  let server: Server;
  let url: string;
  let seen: Seen[];
  let answer: (request: Seen) => void;
  let runner: ToolRunner | undefined;
  let hungUp: number;
  let keys: string[];
  let wishes: TransferWish[];

  beforeEach(async () => {
    seen = [];
    hungUp = 0;
    keys = [];
    wishes = [];
    answer = ({ response }) => response.end("sunny");
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const one = { headers: request.headers, body: Buffer.concat(chunks).toString("utf8"), response };
      seen.push(one);
      answer(one);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tool`;
  });
  afterEach(async () => {
    runner?.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function open({ timeoutMs = 2_000, allowPrivate = true, sendsDtmf = true, toolUrl = url } = {}): AnsweringRunner {
    const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const headers = { "X-Shop": "7", "x-tandem-signature": "forged" };
    const weather = { name: "weather", description: "", parameters, url: toolUrl, secret: "whsec", timeoutMs, headers };
    const tools = createToolRunner({
      plan: { callId: "call_1", from: "+15550001", to: "+15550100", metadata: { shop: "7" } },
      tools: [weather],
      transfers: [sales],
      clock: systemClock,
      allowPrivate,
      hangUp: () => void hungUp++,
      sendDtmf: (digits) => {
        keys.push(digits);
        return sendsDtmf;
      },
      transfer: (wish) => wishes.push(wish) === 1,
    });
    runner = tools;
    return {
      run: async (...call) => {
        const outcome = await tools.run(...call);
        if (!outcome) throw new Error("nobody answered");
        return outcome;
      },
      close: () => tools.close(),
    };
  }
  const errorOf = (output: string) =>
    (JSON.parse(output) as { error: { code: string; field?: string; answer?: string } }).error;
  const city = '{"city":"Köln"}';

  test("posts the call and the arguments, signed, and gives the answer to the model", async () => {
    const outcome = await open().run("t1", "weather", city);
    expect(outcome).toMatchObject({ ok: true, output: "sunny" });
    expect(outcome.durationMs).toBeGreaterThanOrEqual(0);
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
      tool_call_id: "t1",
      name: "weather",
      arguments: { city: "Köln" },
      call: { id: "call_1", from: "+15550001", to: "+15550100", metadata: { shop: "7" } },
    });
    expect(seen[0]?.headers["x-shop"]).toBe("7");
    const header = String(seen[0]?.headers["x-tandem-signature"]);
    const rawBody = seen[0]?.body ?? "";
    expect(checkSignature({ header, rawBody, secret: "whsec", nowS: Date.now() / 1000 })).toBeUndefined();
  });

  test("arguments that do not fit and unknown tools never leave the house", async () => {
    const tools = open();
    expect(errorOf((await tools.run("t1", "weather", "{}")).output)).toMatchObject({
      code: "invalid_arguments",
      field: "city",
    });
    expect(errorOf((await tools.run("t2", "nothing", "{}")).output).code).toBe("unknown_tool");
    expect(seen).toEqual([]);
  });

  test("a refusal of the tool is data, with the start of its words", async () => {
    answer = ({ response }) => response.writeHead(422).end("x".repeat(5_000));
    const { ok, output } = await open().run("t1", "weather", city);
    expect(ok).toBe(false);
    expect(errorOf(output)).toMatchObject({ code: "http_status", answer: "x".repeat(1_000) });
  });

  test("an empty answer is still an answer, a huge one is none", async () => {
    const tools = open();
    answer = ({ response }) => response.writeHead(204).end();
    expect(await tools.run("t1", "weather", city)).toMatchObject({ ok: true, output: '{"status":"done"}' });
    answer = ({ response }) => response.end("x".repeat(70_000));
    expect(errorOf((await tools.run("t2", "weather", city)).output).code).toBe("answer_too_large");
  });

  test("a slow tool is given up and a dead one is unreachable", async () => {
    answer = () => {};
    expect(errorOf((await open({ timeoutMs: 50 }).run("t1", "weather", city)).output).code).toBe("timeout");
    answer = ({ response }) => response.destroy();
    expect(errorOf((await open().run("t2", "weather", city)).output).code).toBe("unreachable");
  });

  test("private addresses are refused, at the first hop and after a redirect to another scheme", async () => {
    const refused = await open({ allowPrivate: false }).run("t1", "weather", city);
    expect(errorOf(refused.output).code).toBe("misconfigured_tool");
    answer = ({ response }) => response.writeHead(307, { location: "file:///etc/passwd" }).end();
    expect(errorOf((await open().run("t2", "weather", city)).output).code).toBe("misconfigured_tool");
  });

  test("the same call again shares the first's answer", async () => {
    const tools = open();
    const [first, second] = await Promise.all([tools.run("t1", "weather", city), tools.run("t1", "weather", city)]);
    expect(first).toBe(second);
    expect(await tools.run("t1", "weather", city)).toBe(first);
    expect(seen.length).toBe(1);
  });

  test("eight run at once, the others wait for their turn", async () => {
    answer = () => {};
    const tools = open();
    const outcomes = Array.from({ length: 12 }, (_, at) => tools.run(`t${at}`, "weather", city));
    await expect.poll(() => seen.length).toBe(8);
    answer = ({ response }) => response.end("late");
    for (const { response } of seen.slice(0, 8)) response.end("early");
    const outputs = (await Promise.all(outcomes)).map(({ output }) => output);
    expect(outputs.filter((output) => output === "early").length).toBe(8);
    expect(outputs.filter((output) => output === "late").length).toBe(4);
  });

  test("when the call ends everything is answered at once, and later calls too", async () => {
    answer = () => {};
    const tools = open();
    const outcomes = Array.from({ length: 10 }, (_, at) => tools.run(`t${at}`, "weather", city));
    await expect.poll(() => seen.length).toBe(8);
    tools.close();
    tools.close();
    outcomes.push(tools.run("late", "weather", city), tools.run("bye", "hang_up", "{}"));
    for (const { ok, output } of await Promise.all(outcomes)) {
      expect(ok).toBe(false);
      expect(errorOf(output).code).toBe("call_ended");
    }
    expect(hungUp).toBe(0);
  });

  test("a caller is put through to those only whom the agent may; it is answered by who does it", async () => {
    const tools = open();
    const unknown = await tools.run("t1", "transfer_call", '{"target":"+15550199"}');
    expect(errorOf(unknown.output)).toMatchObject({ code: "invalid_arguments", field: "target" });
    expect(await runner?.run("t2", "transfer_call", '{"target":"Sales","briefing":"A buyer."}')).toBeUndefined();
    expect(wishes).toEqual([{ toolCallId: "t2", target: "Sales", briefing: "A buyer." }]);
    const second = await tools.run("t3", "transfer_call", '{"target":"Sales"}');
    expect(errorOf(second.output).code).toBe("not_possible");
  });

  test("the built-in tools act on the call", async () => {
    const tools = open({ sendsDtmf: true });
    expect((await tools.run("t1", "hang_up", '{"reason":"done"}')).ok).toBe(true);
    expect(hungUp).toBe(1);
    expect((await tools.run("t2", "send_dtmf", '{"digits":"12#"}')).ok).toBe(true);
    expect(keys).toEqual(["12#"]);
    const mute = await open({ sendsDtmf: false }).run("t3", "send_dtmf", '{"digits":"1"}');
    expect(errorOf(mute.output).code).toBe("not_possible");
  });
});
