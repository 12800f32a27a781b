import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, startGateway, type TestGateway } from "../kit/gateway.ts";

const program = "/usr/bin/sipp";

describe("SIPp calls", () => {
  let gateway: TestGateway;
  let folder: string;

  /** Runs SIPp's built-in caller; its exit code and the messages it logged. */
  async function callers(number: string, ...settings: string[]): Promise<{ code: number | null; messages: string }> {
    const log = join(folder, `messages-${number}.log`);
    const target = `127.0.0.1:${gateway.sipPort}`;
    const logging = ["-trace_msg", "-message_file", log];
    const child = spawn(program, ["-sn", "uac", "-s", number, target, "-i", "127.0.0.1", ...logging, ...settings], {
      cwd: folder,
      stdio: "ignore",
    });
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
    return { code, messages: existsSync(log) ? readFileSync(log, "utf8") : "" };
  }

  beforeAll(async () => {
    if (!existsSync(program)) throw new Error(`${program} is missing: apt-get install sip-tester`);
    folder = mkdtempSync(join(tmpdir(), "tandem-sipp-"));
    gateway = await startGateway();
  });

  afterAll(async () => {
    await gateway?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    { transport: "UDP", flag: "u1" },
    { transport: "TCP", flag: "t1" },
  ])(
    "ten calls over $transport are answered, acknowledged and ended, each with its record",
    async ({ flag }) => {
      const before = (await gateway.api("GET", "/calls?limit=100")).body.data.length;
      const { code } = await callers("+15550100", "-t", flag, "-m", "10", "-r", "5", "-d", "500");
      expect(code).toBe(0);
      const calls = await eventually("all calls have ended", async () => {
        const { body } = await gateway.api("GET", "/calls?limit=100");
        const made = body.data.slice(0, body.data.length - before);
        const ended = made.every(({ status }: { status: string }) => status === "ended");
        return made.length === 10 && ended ? made : undefined;
      });
      for (const call of calls) expect(call).toMatchObject({ carrier: "sip", cause: "caller-hung-up" });
    },
    120_000,
  );

  test("a number that is not open to strangers is not found (RFC 3261 §21.4.5), and leaves no record", async () => {
    const before = (await gateway.api("GET", "/calls?limit=100")).body.data.length;
    const { code, messages } = await callers("+15550999", "-m", "1", "-d", "100");
    expect(code).not.toBe(0);
    expect(messages).toContain("SIP/2.0 404 Not Found");
    expect((await gateway.api("GET", "/calls?limit=100")).body.data.length).toBe(before);
  }, 120_000);
});
