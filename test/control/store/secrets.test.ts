import { readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../../src/control/store/database.ts";
import { createSecrets, readSecretKey } from "../../../src/control/store/secrets.ts";
import { seededRandom, temporaryFolder } from "../gateway.ts";

describe("secret key", () => {
  test("secret key: is made once, readable by its owner alone, and the same ever after", () => {
    const folder = temporaryFolder();
    const first = readSecretKey(folder, "", seededRandom(1));
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(readSecretKey(folder, "", seededRandom(2))).toBe(first);
    expect(statSync(`${folder}/secret.key`).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${folder}/secret.key`, "utf8").trim()).toBe(first);
  });

  test("secret key: the configured one wins, a damaged one is not used", () => {
    const folder = temporaryFolder();
    expect(readSecretKey(folder, "configured", seededRandom())).toBe("configured");
    writeFileSync(`${folder}/secret.key`, "");
    expect(() => readSecretKey(folder, "", seededRandom())).toThrow("damaged");
  });

  test("database: its file is readable by its owner alone", async () => {
    const folder = temporaryFolder();
    await (await openDatabase(folder)).close();
    expect(statSync(`${folder}/tandem.db`).mode & 0o777).toBe(0o600);
  });
});

describe("sealed secrets", () => {
  const secrets = createSecrets("a secret key", seededRandom());

  test("seal: opens under the same key and context only", () => {
    const sealed = secrets.seal("tsec_1", "agent_1");
    expect(sealed).not.toContain("tsec_1");
    expect(secrets.open(sealed, "agent_1")).toBe("tsec_1");
    expect(() => secrets.open(sealed, "agent_2")).toThrow();
    expect(() => createSecrets("another", seededRandom()).open(sealed, "agent_1")).toThrow();
  });

  test("seal: the same text is never sealed the same twice", () => {
    expect(secrets.seal("a", "x")).not.toBe(secrets.seal("a", "x"));
  });

  test.each(["", "1.", "1.AAAA", "2.AAAA", "nonsense"])("seal: %j does not open", (sealed) => {
    expect(() => secrets.open(sealed, "x")).toThrow();
  });

  test("link signature: matches its content and nothing else", () => {
    const signature = secrets.signLink("call_1.100");
    expect(secrets.linkMatches("call_1.100", signature)).toBe(true);
    expect(secrets.linkMatches("call_1.101", signature)).toBe(false);
    expect(secrets.linkMatches("call_1.100", `${signature}A`)).toBe(false);
    expect(secrets.linkMatches("call_1.100", "")).toBe(false);
  });
});
