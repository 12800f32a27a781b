import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/kit/io/system-clock.ts";
import { startBaresip } from "../kit/baresip.ts";
import { addPhone, openExchange, openTelephone, type TestExchange } from "../kit/exchange.ts";
import { eventually, startGateway } from "../kit/gateway.ts";

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
    120_000,
  );

  test("baresip with a wrong password does not register, and says why", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "101");
    const baresip = await startBaresip(account(exchange, "101", { password: "wrong-one" }));
    await eventually("told", () => (baresip.output().includes("403 Forbidden") ? true : undefined));
    expect(bindingsOf(exchange, "phone_101")).toEqual([]);
  }, 120_000);

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
  }, 120_000);
});

describe("baresip at a gateway as a user starts it", () => {
  test("a telephone made by the API registers, is shown, gets a text and calls the demo agent", async () => {
    const gateway = await startGateway();
    onTestFinished(() => gateway.close());
    const { body: phone } = await gateway.api("POST", "/phones", { username: "101", number: "101" });
    const baresip = await startBaresip(`<sip:101@127.0.0.1:${gateway.sipPort}>;auth_pass=${phone.password};regint=120`);
    const registrations = await eventually("registered", async () => {
      const { body } = await gateway.api("GET", `/phones/${phone.id}`);
      return body.registrations.length > 0 ? body.registrations : undefined;
    });
    expect(registrations).toMatchObject([
      { user_agent: expect.stringMatching(/^baresip/), transport: "UDP", address: "127.0.0.1" },
    ]);
    const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
    expect(metrics).toMatch(/^tandem_phones_registered\S* 1$/m);

    const sent = await gateway.api("POST", "/texts", { from: "+15550100", to: "101", text: "your table is ready" });
    expect(sent).toMatchObject({ status: 201, body: { status: "queued", direction: "internal" } });
    await eventually("delivered", async () => {
      const { body } = await gateway.api("GET", `/texts/${sent.body.id}`);
      return body.status === "delivered" ? true : undefined;
    });
    await eventually("shown", () => (baresip.output().includes("your table is ready") ? true : undefined));
    expect(gateway.lines.join("\n")).not.toContain("your table is ready");

    baresip.command(`/dial sip:+15550100@127.0.0.1:${gateway.sipPort}`);
    const call = await eventually("the call stands", async () => {
      const { body } = await gateway.api("GET", "/calls?status=in-progress");
      return body.data[0];
    });
    // The number of the telephone, as it has authenticated.
    expect(call).toMatchObject({ carrier: "sip", from: "101", to: "+15550100" });
    baresip.command("/hangup");
    await eventually("the call has ended", async () => {
      const { body } = await gateway.api("GET", `/calls/${call.id}`);
      return body.status === "ended" ? true : undefined;
    });
    await baresip.quit();
    await eventually("unregistered", async () => {
      const { body } = await gateway.api("GET", `/phones/${phone.id}`);
      return body.registrations.length === 0 ? true : undefined;
    });
  }, 120_000);
});
