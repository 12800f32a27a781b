import { describe, expect, onTestFinished, test } from "vitest";
import { SummaryWorker } from "../../../../src/control/service/calls/io/summary-worker.ts";
import {
  createSummarySender,
  type Mail,
  type Mailer,
  type SendOutcome,
} from "../../../../src/control/service/calls/summary-sender.ts";
import type { NotifySettings } from "../../../../src/control/service/numbers/extras.ts";
import { openDatabase } from "../../../../src/control/store/database.ts";
import type { CallId, E164 } from "../../../../src/kit/ids.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { databaseOf, ringingCall, seededRandom, testServices } from "../../gateway.ts";
import { type CallHouse, callHouse, ours } from "./house.ts";

const owner = "+12125559124" as E164;
const hour = 3_600_000;
const page = { limit: 20, after: undefined };
const off: NotifySettings = { emailTo: null, smsTo: null, businessName: "Acme Plumbing", agencyName: "Acme" };
const mailTo = { ...off, emailTo: "owner@example.com" };
const textTo = { ...off, smsTo: owner };
const urgent = ["Hi, my name is Ann Lee.", "A pipe burst, I need somebody right away."];

interface SummaryHouse extends CallHouse {
  readonly mails: Mail[];
  /** What the mail server says to the next ones, in order; then it takes all. */
  readonly answers: SendOutcome[];
  readonly worker: SummaryWorker;
  /** A call that comes in, is talked on and ends. */
  call(lines?: readonly string[], to?: E164): Promise<CallId>;
  told(callId: string): Promise<string[]>;
}

/** A house whose number is answered, and has its summaries sent by a worker of the test's. */
async function summaryHouse(notify: NotifySettings | null, mailer?: string): Promise<SummaryHouse> {
  const base = await testServices();
  const house = await callHouse({ plan: "pro" }, base);
  const { services, tenant, clock, dataDir, numberId, org } = house;
  await tenant.numbers.create(owner, {});
  await tenant.numbers.setInbound(numberId, { persona: { instructions: "Be brief." }, notify });
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  onTestFinished(() => database.close());
  const mails: Mail[] = [];
  const answers: SendOutcome[] = [];
  const fake: Mailer = {
    send: async (mail) => {
      mails.push(mail);
      return answers.shift() ?? { type: "sent" };
    },
  };
  const { db } = database;
  const send = createSummarySender({ db, mailer: mailer ?? fake, texts: (orgId) => services.tenant(orgId).texts });
  const log = createLogger("silent", "test");
  return {
    ...house,
    mails,
    answers,
    worker: new SummaryWorker({ db, clock, random: seededRandom(), log, send }),
    call: async (lines = urgent, to = ours) => {
      const from = "+14155559876";
      const { callRecords } = services;
      const agent = await callRecords.resolveAgent(to, from);
      const callId = await ringingCall(base, { orgId: org.id, from, to, agent });
      await callRecords.applyMediaEvent({ type: "call-started", callId, wallMs: clock.wall() });
      for (const [n, text] of lines.entries()) {
        const times = { startMs: n * 1000, endMs: n * 1000 + 500 };
        const utterance = {
          utteranceId: `utt_${n}`,
          role: "caller",
          text,
          ...times,
          interrupted: false,
          via: "speech",
        };
        await callRecords.applyMediaEvent({ type: "utterance", callId, utterance } as never);
      }
      clock.ms += 60_000;
      await callRecords.endCall(callId, "caller-hung-up", "");
      return callId;
    },
    told: async (callId) =>
      (await tenant.calls.summaries(callId)).map(({ channel, status, detail, attempts }) =>
        `${channel} ${status} ${attempts} ${detail ?? ""}`.trim(),
      ),
  };
}

describe("summaries of calls", () => {
  test("summaries: a call with a transcript is mailed and texted once each, and said to be", async () => {
    const { call, worker, mails, told, tenant } = await summaryHouse({ ...mailTo, smsTo: owner });
    const callId = await call();
    expect(await told(callId)).toEqual(["email pending 0", "text pending 0"]);
    await worker.work();
    await worker.work();
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatchObject({
      to: "owner@example.com",
      subject: "[High] Acme Plumbing: call from Ann Lee, +14155559876",
      key: `${callId}.summary`,
    });
    const { data } = await tenant.texts.list({ direction: "outbound" }, page);
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ from: ours, to: owner, body: expect.stringMatching(/^Call from Ann Lee, /) });
    expect(await told(callId)).toEqual(["email sent 1", "text sent 1"]);
  });

  test("summaries: each channel is by itself, and a number without notify has none", async () => {
    const [mailed, texted, silent] = [await summaryHouse(mailTo), await summaryHouse(textTo), await summaryHouse(off)];
    expect(await mailed.told(await mailed.call())).toEqual(["email pending 0"]);
    expect(await texted.told(await texted.call())).toEqual(["text pending 0"]);
    expect(await silent.told(await silent.call())).toEqual([]);
  });

  test("summaries: no transcript, no agent, not answered or a call of ours: nothing is due", async () => {
    const { call, place, talk, told, services, random, clock, dataDir, org } = await summaryHouse(mailTo);
    expect(await told(await call([]))).toEqual([]);
    const { call: outbound } = await place();
    await talk(outbound.id, 1000);
    expect(await told(outbound.id)).toEqual([]);
    const unanswered = await ringingCall({ services, random, clock, dataDir }, { orgId: org.id, to: ours });
    await services.callRecords.endCall(unanswered, "caller-hung-up", "");
    expect(await told(unanswered)).toEqual([]);
  });

  test("summaries: of spam nobody hears, and that is said", async () => {
    const { call, worker, mails, told, tenant } = await summaryHouse({ ...mailTo, smsTo: owner });
    const callId = await call(["We have been trying to reach you about your extended warranty."]);
    await worker.work();
    expect(mails).toEqual([]);
    expect((await tenant.texts.list({}, page)).data).toEqual([]);
    expect(await told(callId)).toEqual(["email suppressed 0 the call was spam", "text suppressed 0 the call was spam"]);
  });

  test("summaries: without a mail server they fail at once, and the setting is named", async () => {
    const { call, worker, told } = await summaryHouse(mailTo, "no e-mail is sent: TANDEM_SMTP_URL is not set");
    const callId = await call();
    await worker.work();
    expect(await told(callId)).toEqual(["email failed 1 no e-mail is sent: TANDEM_SMTP_URL is not set"]);
  });

  test("summaries: a mail server that is away is tried again, later each time, until it takes it", async () => {
    const { call, worker, told, mails, answers, clock } = await summaryHouse(mailTo);
    const away = { type: "again", detail: "the mail server could not be reached" } as const;
    answers.push(away, away);
    const callId = await call();
    await worker.work();
    await worker.work();
    expect(await told(callId)).toEqual(["email pending 1 the mail server could not be reached"]);
    clock.ms += 5_000;
    await worker.work();
    expect(await told(callId)).toEqual(["email pending 2 the mail server could not be reached"]);
    clock.ms += 10_000;
    await worker.work();
    expect(await told(callId)).toEqual(["email sent 3"]);
    expect(new Set(mails.map(({ key }) => key)).size).toBe(1);
  });

  test("summaries: after 24 hours of failures one is given up, with the last reason", async () => {
    const { call, worker, told, answers, clock } = await summaryHouse(mailTo);
    for (let n = 0; n < 40; n++) answers.push({ type: "again", detail: "the mail server put it off with 450" });
    const callId = await call();
    for (let n = 0; n < 30; n++, clock.ms += hour) await worker.work();
    expect((await told(callId))[0]).toMatch(/^email failed \d+ the mail server put it off with 450$/);
  });

  test("summaries: a refusal for good is not tried again", async () => {
    const { call, worker, told, answers, clock, mails } = await summaryHouse(mailTo);
    answers.push({ type: "failed", detail: "the mail server refused it with 550" });
    const callId = await call();
    await worker.work();
    clock.ms += hour;
    await worker.work();
    expect(mails).toHaveLength(1);
    expect(await told(callId)).toEqual(["email failed 1 the mail server refused it with 550"]);
  });

  test("summaries: two workers at once send each one once", async () => {
    const house = await summaryHouse(mailTo);
    const { call, worker, mails } = house;
    for (let n = 0; n < 12; n++) await call();
    await Promise.all([worker.work(), worker.work(), worker.work()]);
    expect(new Set(mails.map(({ key }) => key)).size).toBe(12);
    expect(mails).toHaveLength(12);
  });

  test("summaries: one that was taken by a gateway that died is sent when its lease is over", async () => {
    const house = await summaryHouse(mailTo);
    const { call, mails, clock, dataDir, told } = house;
    const callId = await call();
    const { db, close } = await openDatabase(dataDir, await databaseOf(dataDir));
    const dead = new SummaryWorker({
      db,
      clock,
      random: seededRandom(),
      log: createLogger("silent", "test"),
      send: () => new Promise(() => undefined),
    });
    void dead.work();
    await expect.poll(() => told(callId)).toEqual(["email pending 1"]);
    await close();
    await house.worker.work();
    expect(mails).toEqual([]);
    clock.ms += 10 * 60_000;
    await house.worker.work();
    expect(await told(callId)).toEqual(["email sent 2"]);
  });

  test("summaries: a text that was sent before a crash is not sent again", async () => {
    const { call, worker, told, clock, tenant, dataDir } = await summaryHouse(textTo);
    const callId = await call();
    await worker.work();
    const { db, close } = await openDatabase(dataDir, await databaseOf(dataDir));
    onTestFinished(() => close());
    // As if the note that it was sent had not been written.
    await db.updateTable("summaries_due").set({ status: "pending", settled_at: null }).execute();
    clock.ms += hour;
    await worker.work();
    expect(await told(callId)).toEqual(["text sent 2"]);
    expect((await tenant.texts.list({ direction: "outbound" }, page)).data).toHaveLength(1);
  });

  test("summaries: who has said STOP to the number gets no text", async () => {
    const { call, worker, told, services, tenant } = await summaryHouse(textTo);
    await services.texts.receive({ from: owner, to: ours, body: "STOP" });
    const callId = await call();
    await worker.work();
    expect((await told(callId))[0]).toMatch(/^text failed 1 .*STOP/);
    const bodies = (await tenant.texts.list({ from: ours }, page)).data.map(({ body }) => body);
    expect(bodies.filter((body) => body.startsWith("Call from"))).toEqual([]);
  });

  test("summaries: texts go out from local numbers of the United States alone", async () => {
    const { call, worker, told, tenant } = await summaryHouse(off);
    const canadian = "+14165559123" as E164;
    const { id } = await tenant.numbers.create(canadian, {});
    await tenant.numbers.setInbound(id, { persona: { instructions: "Be brief." }, notify: textTo });
    const callId = await call(urgent, canadian);
    await worker.work();
    expect(await told(callId)).toEqual([
      "text failed 1 summaries are texted from local numbers of the United States alone",
    ]);
  });

  test("summaries: a text is paid as one; who cannot pay is asked again later", async () => {
    const { call, worker, told, services, org } = await summaryHouse(textTo);
    const callId = await call();
    await services.orgs.update(org.id, { billing: "prepaid" });
    await worker.work();
    expect((await told(callId))[0]).toMatch(/^text pending 1 /);
  });

  test("summaries: another organisation's call has none to show, and bad addresses are refused", async () => {
    const { call, services, tenant, numberId } = await summaryHouse(mailTo);
    const callId = await call();
    await expect(services.own.calls.summaries(callId)).rejects.toMatchObject({ code: "not-found" });
    for (const emailTo of ["a@b,c@d", "Ann <a@b>", "a@b\r\nBcc: c@d", "a b@c", "ab"]) {
      const order = { persona: { instructions: "x" }, notify: { ...off, emailTo } };
      await expect(tenant.numbers.setInbound(numberId, order)).rejects.toMatchObject({ field: "notify.emailTo" });
    }
  });
});
