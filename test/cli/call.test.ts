import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseWav, writeWavHeader } from "../../src/codecs/wav.ts";
import { type CliResult, tandem } from "../kit/cli.ts";
import { startGateway, type TestGateway } from "../kit/gateway.ts";
import { speech } from "../kit/speech.ts";

const script = `# the menu by voice, then by keys
wait-for-agent 1500
play two.wav
wait-for-agent 1500
dtmf 42#
wait-for-agent 1500
hang-up
`;

describe("tandem call", () => {
  const folder = mkdtempSync(join(tmpdir(), "tandem-cli-"));
  let gateway: TestGateway;
  let env: Record<string, string>;
  let bySay: CliResult;
  let byWav: CliResult;
  let byScript: CliResult;

  beforeAll(async () => {
    gateway = await startGateway();
    env = { TANDEM_DATA_DIR: gateway.dataDir, TANDEM_HTTP: gateway.httpUrl.replace("http://", "") };
    const samples = speech("digits/2");
    const header = writeWavHeader({ channels: 1, sampleRateHz: 8000, dataBytes: samples.byteLength });
    writeFileSync(join(folder, "two.wav"), Buffer.concat([header, Buffer.from(samples.buffer)]));
    writeFileSync(join(folder, "script.txt"), script);
    const withKey = { ...env, TANDEM_API_KEY: gateway.apiKey };
    const call = (args: string[], variables: Record<string, string>) =>
      tandem(["call", "+15550100", ...args], variables, folder);
    [bySay, byWav, byScript] = await Promise.all([
      call(["--say", "Goodbye.", "--out", "say.wav"], env),
      call(["--wav", "two.wav"], withKey),
      call(["--script", "script.txt", "--out", "script.wav", "--json"], withKey),
    ]);
  }, 58_000);
  afterAll(async () => {
    await gateway?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The loudest sample of a file the command wrote. */
  const loudest = (file: string): number => {
    const wav = parseWav(readFileSync(join(folder, file)));
    if ("fault" in wav) throw new Error(wav.fault);
    expect(wav).toMatchObject({ channels: 1, sampleRateHz: 8000 });
    return wav.samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  };

  test("--say: a synthetic voice is understood, and the call is told as it happens and turn by turn", () => {
    expect({ code: bySay.code, stderr: bySay.stderr }).toEqual({ code: 0, stderr: "" });
    expect(bySay.stdout).toMatch(/^calling \+15550100 \(call_[a-z0-9]+\)/);
    expect(bySay.stdout).toContain("agent speaks");
    expect(bySay.stdout).toContain("caller speaks: Goodbye.");
    expect(bySay.stdout).toMatch(/call ended: [a-z-]+, .*; heard: say\.wav/);
    expect(bySay.stdout).toMatch(/transcript, as heard:\n.* {2}agent {3}Hello/);
    expect(loudest("say.wav")).toBeGreaterThan(3000);
  });

  test("no key need be typed on the gateway's machine: one was made for the call and is gone with it", async () => {
    expect((await tandem(["keys", "list"], env)).stdout).toMatch(/revoked.*tandem call/);
  });

  test("--wav: recorded speech chooses from the menu; what was heard goes to heard.wav", () => {
    expect({ code: byWav.code, stderr: byWav.stderr }).toEqual({ code: 0, stderr: "" });
    expect(byWav.stdout).toContain("caller speaks: two.wav");
    expect(byWav.stdout).toContain("say some digits");
    expect(loudest("heard.wav")).toBeGreaterThan(3000);
  });

  test("--script and --json: speech and keys in order, and nothing but JSON on stdout", () => {
    expect({ code: byScript.code, stderr: byScript.stderr }).toEqual({ code: 0, stderr: "" });
    const result = JSON.parse(byScript.stdout);
    expect(result).toMatchObject({ cause: "caller-hung-up", measures: { ending: "script" } });
    // Whether a busy machine kept its pace is the bench's question; that every measure is told is ours.
    expect(Object.keys(result.measures)).toEqual(expect.arrayContaining(["underruns", "firstAudioMs", "agentSpeech"]));
    const texts = result.transcript.map(({ text }: { text: string }) => text).join(" ");
    expect(texts).toContain("You entered four, two.");
    expect(existsSync(join(folder, "script.wav"))).toBe(true);
  });
});
