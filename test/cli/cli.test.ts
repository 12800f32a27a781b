import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { settings } from "../../src/config.ts";
import { tandem } from "../kit/cli.ts";
import { startGateway, type TestGateway } from "../kit/gateway.ts";

const folder = mkdtempSync(join(tmpdir(), "tandem-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("tandem beside a running gateway", () => {
  let gateway: TestGateway;
  let env: Record<string, string>;

  beforeAll(async () => {
    gateway = await startGateway();
    env = { TANDEM_DATA_DIR: gateway.dataDir, TANDEM_HTTP: gateway.httpUrl.replace("http://", "") };
  }, 30_000);
  afterAll(() => gateway?.close());

  const statusWith = async (key: string) =>
    (await fetch(`${gateway.httpUrl}/api/v1/agents`, { headers: { authorization: `Bearer ${key}` } })).status;

  test("keys create prints the key alone on stdout; it works at once, list hides it, revoke ends it at once", async () => {
    const made = await tandem(["keys", "create", "--name", "Till"], env);
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/^tk_live_[A-Za-z0-9]{16,}\n$/);
    const key = made.stdout.trim();
    expect(made.stderr).not.toContain(key);
    expect(await statusWith(key)).toBe(200);

    const listed = await tandem(["keys", "list"], env);
    expect(listed.code).toBe(0);
    expect(listed.stdout).not.toContain(key);
    const line = listed.stdout.split("\n").find((text) => text.includes("Till"));
    expect(line).toContain("active");
    const id = String(line?.split(/\s+/)[0]);

    const revoked = await tandem(["keys", "revoke", id], env);
    expect(revoked).toMatchObject({ code: 0, stdout: "" });
    expect(await statusWith(key)).toBe(401);
    expect(await statusWith(gateway.apiKey)).toBe(200);
    expect((await tandem(["keys", "list"], env)).stdout).toMatch(new RegExp(`${id}.*revoked`));
  });

  test("call to a number nobody answers says so, in one line, with exit code 1", async () => {
    const { code, stderr } = await tandem(["call", "+15559999", "--say", "hello", "--out", join(folder, "x.wav")], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tandem: POST \/streams answered 404: No agent answers \+15559999/);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect(existsSync(join(folder, "x.wav"))).toBe(false);
  });

  test("call with a wrong key says so", async () => {
    const { code, stderr } = await tandem(["call", "+15550100", "--key", "tk_live_wrongwrongwrongwrong"], env);
    expect(code).toBe(1);
    expect(stderr).toContain("answered 401");
    expect(stderr).not.toContain("wrongwrong");
  });

  test("doctor beside a running gateway finds its ports served and nothing broken: exit code 0", async () => {
    const media = gateway.mediaUrl.replace("ws://", "");
    const { code, stdout } = await tandem(["doctor"], { ...env, TANDEM_MEDIA_WS: media, OPENAI_BASE_URL: deadEnd });
    expect(stdout).toMatch(/ok {4}HTTP port: .*served by the running gateway/);
    expect(stdout).toMatch(/ok {4}data folder: /);
    expect(stdout).toMatch(/warn {2}public address: /);
    expect(stdout).toMatch(/warn {2}provider key: OPENAI_API_KEY is not set/);
    expect(code).toBe(0);
  });
});

/** Nothing listens there, and nothing is asked outside of this machine. */
const deadEnd = "http://127.0.0.1:9/v1";

describe("tandem alone", () => {
  let other: Server;
  let otherAddress: string;

  beforeAll(async () => {
    // A program that is no gateway and knows one key.
    other = createServer((request, response) => {
      const known = request.headers.authorization === "Bearer sk-right";
      response.statusCode = request.url === "/healthz" ? 404 : known ? 200 : 401;
      response.end("{}");
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    otherAddress = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  });
  afterAll(() => other?.close());

  const alone = { TANDEM_DATA_DIR: join(folder, "data"), TANDEM_HTTP: "127.0.0.1:0", TANDEM_MEDIA_WS: "127.0.0.1:0" };

  test("config prints every setting with its value or (set), and no secret", async () => {
    const secrets = {
      OPENAI_API_KEY: "sk-very-secret",
      TWILIO_AUTH_TOKEN: "twilio-very-secret",
      TANDEM_SECRET_KEY: "links-very-secret",
      TANDEM_BOOTSTRAP_KEY: "tk_live_verysecretverysecret",
    };
    const { code, stdout, stderr } = await tandem(["config"], { ...secrets, TANDEM_DRAIN_MS: "1234" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { env, about } of Object.values(settings)) {
      expect(stdout).toContain(`${env}=`);
      expect(stdout).toContain(about);
    }
    for (const [variable, secret] of Object.entries(secrets)) {
      expect(stdout).toContain(`${variable}=(set)`);
      expect(stdout).not.toContain(secret);
    }
    expect(stdout).toMatch(/^TANDEM_DRAIN_MS=1234$/m);
    expect(stdout).toMatch(/^TANDEM_WS_ENGINE=auto {2}\[default\]$/m);
  });

  test("a setting that makes no sense is named in one line, with exit code 1, and nothing starts", async () => {
    for (const command of ["config", "doctor", "start"]) {
      const { code, stdout, stderr } = await tandem([command], { ...alone, TANDEM_HTTP: "eighty" });
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: "",
        stderr: "tandem: TANDEM_HTTP=eighty: expected HOST:PORT, for example 0.0.0.0:8080\n",
      });
    }
  });

  test("start on a taken port says whose setting to change", async () => {
    const { code, stderr } = await tandem(["start"], { ...alone, TANDEM_HTTP: otherAddress });
    expect(code).toBe(1);
    expect(stderr).toContain(`tandem: ${otherAddress} is in use by another program`);
    expect(stderr).toContain("TANDEM_HTTP");
  });

  test("doctor on a free machine warns of what is missing and exits 0", async () => {
    const { code, stdout } = await tandem(["doctor"], { ...alone, OPENAI_BASE_URL: deadEnd });
    expect(stdout).not.toMatch(/^fail/m);
    expect(stdout.trim().split("\n").length).toBe(7);
    expect(code).toBe(0);
  });

  test.each<[string, () => Record<string, string>, RegExp]>([
    ["a port of another program", () => ({ TANDEM_HTTP: otherAddress }), /^fail {2}HTTP port: .*in use by another/m],
    [
      "SIP over TLS without a certificate",
      () => ({ TANDEM_SIP_TLS: "127.0.0.1:0" }),
      /^fail {2}SIP certificate: TANDEM_SIP_TLS_CERT is not set/m,
    ],
    ["a folder that is a file", () => ({ TANDEM_DATA_DIR: aFile() }), /^fail {2}data folder: .*TANDEM_DATA_DIR/m],
    [
      "a provider out of reach",
      () => ({ OPENAI_API_KEY: "sk-x" }),
      /^fail {2}provider key: 127\.0\.0\.1.*OPENAI_BASE_URL/m,
    ],
    [
      "a key the provider refuses",
      () => ({ OPENAI_API_KEY: "sk-wrong", OPENAI_BASE_URL: `http://${otherAddress}/v1` }),
      /^fail {2}provider key: .*refuses the key \(401\)/m,
    ],
    [
      "a public address no carrier takes",
      () => ({ TANDEM_PUBLIC_URL: "http://voice.example.com" }),
      /^fail {2}public address: .*https/m,
    ],
  ])("doctor finds %s and exits 1", async (_what, change, finding) => {
    const { code, stdout } = await tandem(["doctor"], { ...alone, OPENAI_BASE_URL: deadEnd, ...change() });
    expect(stdout).toMatch(finding);
    expect(stdout).not.toContain("sk-");
    expect(code).toBe(1);
  });

  test("doctor accepts a provider's answer to the right key", async () => {
    const right = { OPENAI_API_KEY: "sk-right", OPENAI_BASE_URL: `http://${otherAddress}/v1` };
    const { code, stdout } = await tandem(["doctor"], { ...alone, ...right });
    expect(stdout).toMatch(/^ok {4}provider key: /m);
    expect(code).toBe(0);
  });

  test.each([
    ["an unknown command", ["ring"], "unknown command 'ring'"],
    ["a forgotten number", ["call"], "missing required argument 'number'"],
    ["a forgotten name", ["keys", "create"], "required option '--name <name>'"],
    ["an unknown option", ["call", "+15550100", "--loud"], "unknown option '--loud'"],
  ])("wrong use, %s: the mistake, the help, exit code 1", async (_what, args, complaint) => {
    const { code, stdout, stderr } = await tandem(args, alone);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(complaint);
    expect(stderr).toContain("Usage: tandem");
  });

  test.each<[string, string[], string]>([
    ["a dialect nobody speaks", ["keys", "create", "--name", "X", "--dialect", "klingon"], "expected one of native"],
    ["a key that is not there", ["keys", "revoke", "key_nobody"], "there is no key key_nobody"],
    ["two sources of speech", ["call", "+1", "--say", "a", "--wav", "b.wav"], "one of --wav, --say and --script"],
    ["a WAV that is not there", ["call", "+15550100", "--wav", "/nowhere.wav"], "/nowhere.wav"],
    ["a WAV that is none", ["call", "+15550100", "--wav", import.meta.filename], "not a WAV file that can be read"],
    ["a script with a typo", ["call", "+15550100", "--script", aFile("dance 5\n")], 'line 1: unknown step "dance"'],
    ["a time that is none", ["call", "+15550100", "--max-seconds", "soon"], "--max-seconds"],
    [
      "no gateway there",
      ["call", "+15550100", "--url", "http://127.0.0.1:9"],
      "no gateway answers at http://127.0.0.1:9",
    ],
  ])("%s is told in one line, with exit code 1", async (_what, args, complaint) => {
    const { code, stderr } = await tandem(args, { ...alone, TANDEM_DATA_DIR: join(folder, "scratch") });
    expect(stderr).toMatch(/^tandem: /);
    expect(stderr).toContain(complaint);
    expect(stderr.trim().split("\n").length).toBe(1);
    expect(code).toBe(1);
  });

  test("the data folder, its keys and its database are nobody else's on the machine", async () => {
    const mine = join(folder, "mine");
    await tandem(["keys", "list"], { ...alone, TANDEM_DATA_DIR: mine });
    for (const file of ["", "recordings", "secret.key", "tandem.db"]) {
      expect(statSync(join(mine, file)).mode & 0o077).toBe(0);
    }
  });
});

/** A file that is not what is expected there. */
function aFile(text = "not a folder"): string {
  const path = join(folder, `file-${text.length}.txt`);
  writeFileSync(path, text);
  return path;
}
