import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tandem } from "../kit/cli.ts";
import { startGateway, type TestGateway } from "../kit/gateway.ts";

const folder = mkdtempSync(join(tmpdir(), "tandem-cli-db-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The settings of a gateway that does not run, in a folder of its own. */
function alone(name: string): Record<string, string> {
  const TANDEM_DATA_DIR = join(folder, name);
  mkdirSync(TANDEM_DATA_DIR, { recursive: true });
  return { TANDEM_DATA_DIR, TANDEM_HTTP: "127.0.0.1:0", TANDEM_MEDIA_WS: "127.0.0.1:0" };
}

describe("tandem db", () => {
  let gateway: TestGateway;
  let env: Record<string, string>;
  const file = join(folder, "one.backup");

  beforeAll(async () => {
    gateway = await startGateway();
    env = { TANDEM_DATA_DIR: gateway.dataDir, TANDEM_HTTP: gateway.httpUrl.replace("http://", "") };
    const made = await tandem(["db", "backup", file], env);
    expect({ code: made.code, stdout: made.stdout }).toEqual({ code: 0, stdout: "" });
    expect(made.stderr).toMatch(/^The database is in .*one\.backup \([0-9.]+ MB\)/);
  }, 60_000);
  afterAll(() => gateway?.close());

  test("migrate says what it did to a new database, and that there is nothing to do the second time", async () => {
    const first = await tandem(["db", "migrate"], alone("new"));
    expect(first.stdout).toMatch(/^done {2}001-first\n(done .*\n)+The database is up to date now\.\n$/);
    const second = await tandem(["db", "migrate"], alone("new"));
    expect(second).toEqual({ code: 0, stdout: "The database was up to date.\n", stderr: "" });
    const nowhere = await tandem(["db", "backup", join(folder, "none", "x")], alone("new"));
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringMatching(/^tandem: ENOENT.*\n$/) });
  });

  test("a backup of a running gateway is its owner's alone, and restores its keys elsewhere", async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const there = alone("moved");
    copyFileSync(join(gateway.dataDir, "secret.key"), join(there.TANDEM_DATA_DIR ?? "", "secret.key"));
    const restored = await tandem(["db", "restore", file], there);
    expect(restored).toMatchObject({ code: 0, stdout: "" });
    expect(restored.stderr).toMatch(/^[0-9]+ rows of .* are back\. Start the gateway now\.\n$/);
    const ids = async (settings: Record<string, string>) =>
      (await tandem(["keys", "list"], settings)).stdout.split("\n").map((line) => line.split(" ")[0]);
    expect(await ids(there)).toEqual(await ids(env));
    const again = await tandem(["db", "restore", file], there);
    expect(again).toMatchObject({
      code: 1,
      stderr: "tandem: the database is not empty; --force throws away what is in it\n",
    });
    expect((await tandem(["db", "restore", "--force", file], there)).code).toBe(0);
  });

  test("a restore under another secret key is refused until that is said to be known", async () => {
    const there = alone("other");
    const refused = await tandem(["db", "restore", file], there);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^tandem: the backup belongs to another secret key.*--other-key.*\n$/);
    expect((await tandem(["db", "restore", "--other-key", file], there)).code).toBe(0);
  });

  test.each<[string, string[], string]>([
    ["a file that is not there", ["restore", join(folder, "none")], "ENOENT"],
    ["a file that is something else", ["restore", aFile()], "is not a backup of Tandem"],
    ["a backup of nothing", ["backup", join(folder, "nothing")], "there is no database yet"],
  ])("%s is told in one line, with exit code 1", async (what, args, complaint) => {
    const { code, stderr } = await tandem(["db", ...args], alone(what));
    expect(stderr).toMatch(/^tandem: .*\n$/);
    expect(stderr).toContain(complaint);
    expect(code).toBe(1);
  });
});

describe("tandem orgs and keys", () => {
  test("an organisation is made, changed and listed; its key is its own", async () => {
    const env = alone("orgs");
    const made = await tandem(["orgs", "create", "--name", "Acme", "--plan", "free", "--spending-cap", "12.5"], env);
    expect(made.stdout).toMatch(/^org_[0-9a-z]{26}\n$/);
    const id = made.stdout.trim();
    const set = await tandem(["orgs", "set", id, "--billing", "prepaid", "--payment-method", "yes"], env);
    expect(set.stdout).toBe(
      `${id}  free  prepaid  prices of agentcall  payment method on file  at most $12.50 a month  Acme\n`,
    );
    expect((await tandem(["orgs", "set", id, "--spending-cap", "none"], env)).stdout).toContain("no spending cap");
    const list = await tandem(["orgs", "list"], env);
    expect(
      list.stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(["org_default", id]);

    const create = ["keys", "create", "--name", "App", "--org", id];
    const key = await tandem([...create, "--dialect", "jagcall", "--scopes", "read,calls"], env);
    expect(key.stdout).toMatch(/^jc_live_[0-9A-Za-z]{32}\n$/);
    expect(key.stderr).toContain("(read, calls)");
    const keys = await tandem(["keys", "list", "--org", id], env);
    expect(keys.stdout.trim().split("\n")).toEqual([
      expect.stringMatching(new RegExp(`${id}  jagcall .* read,calls  App$`)),
    ]);
  });

  test.each<[string, string[], string]>([
    ["an organisation that is not there", ["orgs", "set", "org_none", "--name", "X"], "there is no such organisation"],
    ["a key for one", ["keys", "create", "--name", "X", "--org", "org_none"], "there is no organisation org_none"],
    ["an id that is none", ["keys", "list", "--org", "Acme"], "tandem orgs list shows them"],
    ["a scope nobody knows", ["keys", "create", "--name", "X", "--scopes", "read,fly"], "expected some of read,write"],
    ["a plan nobody has", ["orgs", "create", "--name", "X", "--plan", "gold"], "expected one of free, pro"],
    ["a cap that is none", ["orgs", "create", "--name", "X", "--spending-cap", "much"], "expected dollars a month"],
    ["no change", ["orgs", "set", "org_default"], "say what to change"],
  ])("%s is told in one line, with exit code 1", async (_what, args, complaint) => {
    const { code, stderr } = await tandem(args, alone("orgs-faults"));
    expect(stderr).toMatch(/^tandem: .*\n$/);
    expect(stderr).toContain(complaint);
    expect(code).toBe(1);
  });
});

/** A file that is no backup. */
function aFile(): string {
  const path = join(folder, "plain.txt");
  writeFileSync(path, "plain text");
  return path;
}
