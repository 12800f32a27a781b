import { describe, expect, test } from "vitest";
import { randomBase62 } from "../../../../src/control/service/orgs/keys.ts";
import { firstOrgId } from "../../../../src/kit/ids.ts";
import { seededRandom, testServices } from "../../gateway.ts";

describe("API keys", () => {
  test("keys: are shown once, recognised, listed without themselves, revoked for good", async () => {
    const { services, clock } = await testServices();
    const { key, secret } = await services.keys.create({ orgId: firstOrgId, dialect: "native", name: "laptop" });
    expect(secret).toMatch(/^tk_live_[0-9A-Za-z]{32}$/);
    expect(key).toMatchObject({ name: "laptop", prefix: secret.slice(0, 12), lastUsedAt: null, revokedAt: null });
    expect(await services.keys.authenticate(secret)).toMatchObject({ id: key.id });
    expect(JSON.stringify(await services.keys.list())).not.toContain(secret);
    expect(await services.keys.isGood(firstOrgId, key.id)).toBe(true);
    clock.ms += 1000;
    await services.keys.revoke(firstOrgId, key.id);
    await services.keys.revoke(firstOrgId, key.id);
    expect(await services.keys.authenticate(secret)).toBeUndefined();
    expect(await services.keys.isGood(firstOrgId, key.id)).toBe(false);
    expect((await services.keys.list())[0]).toMatchObject({ revokedAt: clock.wall() });
  });

  test("keys: the last use is written at most once a minute", async () => {
    const { services, clock } = await testServices();
    const { secret } = await services.keys.create({ orgId: firstOrgId, dialect: "native", name: "a" });
    const first = clock.wall();
    await services.keys.authenticate(secret);
    clock.ms += 59_000;
    await services.keys.authenticate(secret);
    expect((await services.keys.list())[0]).toMatchObject({ lastUsedAt: first });
    clock.ms += 1_000;
    await services.keys.authenticate(secret);
    expect((await services.keys.list())[0]).toMatchObject({ lastUsedAt: clock.wall() });
  });

  test.each([
    ["an empty one", ""],
    ["a prefix alone", "tk_live_"],
    ["one of the right shape", "tk_live_00000000000000000000000000000000"],
    ["a very long one", "x".repeat(100_000)],
  ])("keys: %s is nobody's", async (_what, secret) => {
    const { services } = await testServices();
    await services.keys.create({ orgId: firstOrgId, dialect: "native", name: "a" });
    expect(await services.keys.authenticate(secret)).toBeUndefined();
  });

  test("keys: mean nothing to a gateway with another secret key", async () => {
    const first = await testServices({ secretKey: "one secret key of some length" });
    const { secret } = await first.services.keys.create({ orgId: firstOrgId, dialect: "native", name: "a" });
    await first.services.close();
    const second = await testServices({ dataDir: first.dataDir, secretKey: "another secret key of some length" });
    expect(await second.services.keys.authenticate(secret)).toBeUndefined();
  });

  test("keys: an unknown one cannot be revoked, a nameless one not be made", async () => {
    const { services } = await testServices();
    await expect(services.keys.revoke(firstOrgId, "key_nobody")).rejects.toMatchObject({ code: "not-found" });
    await expect(services.keys.create({ orgId: firstOrgId, dialect: "native", name: " " })).rejects.toMatchObject({
      field: "name",
    });
  });

  test("random text: each of the 62 letters is equally likely", () => {
    const counts = new Map<string, number>();
    for (const letter of randomBase62(62_000, seededRandom())) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(62);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(200);
  });
});
