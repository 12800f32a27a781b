import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/kit/io/system-clock.ts";
import { startBaresip } from "../kit/baresip.ts";
import { addPhone, openExchange, openTelephone, type TestExchange } from "../kit/exchange.ts";
import { eventually } from "../kit/gateway.ts";

const bindingsOf = ({ book }: TestExchange, id: string) => book.bindings(id, systemClock.now());

function account(exchange: TestExchange, username: string, change: { password?: string; transport?: string } = {}) {
  const { password = `${username}-secret`, transport = "udp" } = change;
  return `<sip:${username}@127.0.0.1:${exchange.port};transport=${transport}>;auth_pass=${password};regint=120`;
}

describe("baresip as a telephone of ours", () => {
  test.each(["udp", "tcp"])(
    "baresip registers over %s and takes it back when it leaves",
    async (transport) => {
      const exchange = await openExchange();
      addPhone(exchange, "101");
      const baresip = await startBaresip(account(exchange, "101", { transport }));
      const binding = await eventually("registered", () => bindingsOf(exchange, "phone_101")[0]);
      expect(binding).toMatchObject({ source: { transport: transport.toUpperCase(), address: "127.0.0.1" } });
      expect(binding.userAgent).toMatch(/baresip/);
      await baresip.quit();
      await eventually("unregistered", () => (bindingsOf(exchange, "phone_101").length === 0 ? true : undefined));
    },
    30_000,
  );

  test("baresip with a wrong password does not register, and says why", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "101");
    const baresip = await startBaresip(account(exchange, "101", { password: "wrong-one" }));
    await eventually("told", () => (baresip.output().includes("403 Forbidden") ? true : undefined));
    expect(bindingsOf(exchange, "phone_101")).toEqual([]);
  }, 30_000);

  test("baresip gets a text, and writes one", async () => {
    const exchange = await openExchange({ agentNumbers: ["+15550100"] });
    addPhone(exchange, "101");
    addPhone(exchange, "102");
    const baresip = await startBaresip(account(exchange, "101"), [
      `"Front desk" <sip:+15550100@127.0.0.1:${exchange.port}>`,
    ]);
    await eventually("registered", () => bindingsOf(exchange, "phone_101")[0]);
    const friend = await openTelephone(exchange.port, { username: "102", password: "102-secret" });
    expect((await friend.text("101", "the ferry leaves at seven")).status).toBe(200);
    await eventually("shown", () => (baresip.output().includes("the ferry leaves at seven") ? true : undefined));
    baresip.command("/message thank you");
    await eventually("kept", () => exchange.texts.find(({ body }) => body === "thank you"));
    expect(exchange.texts).toMatchObject([
      { from: "102", to: "101", direction: "internal", status: "delivered" },
      { from: "101", to: "+15550100", direction: "internal", status: "received" },
    ]);
  }, 30_000);
});
