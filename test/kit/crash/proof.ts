/** What must be true of a gateway's database, its customer's server and its far end after everything: lists of what is not. */
import type { Db } from "../../../src/control/store/database.ts";
import { proveLedger } from "../../../src/control/store/ledger-proof.ts";
import type { Answer } from "./driver.ts";
import type { CrashPlan } from "./plan.ts";
import type { Told } from "./receiver.ts";

/** Whoever looks at what was done. */
export interface Evidence {
  readonly db: Db;
  readonly plan: CrashPlan;
  readonly answers: readonly Answer[];
  /** SIP Call-IDs by which each number was called. */
  readonly called: ReadonlyMap<string, ReadonlySet<string>>;
  readonly webhookId: string;
  readonly told: readonly Told[];
}

/** Everything that is wrong, in words; empty: nothing was lost and nothing was done twice. */
export async function faultsOf(evidence: Evidence): Promise<string[]> {
  return [
    ...(await proveLedger(evidence.db)).map((fault) => `ledger: ${JSON.stringify(fault)}`),
    ...(await moneyFaults(evidence)),
    ...(await numberFaults(evidence)),
    ...(await callFaults(evidence)),
    ...(await textFaults(evidence)),
    ...(await eventFaults(evidence)),
  ];
}

/** What is there more than once. */
function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, place) => names.indexOf(name) !== place))];
}

/** What is in one list and not in the other. */
function differing(what: string, found: readonly string[], expected: readonly string[]): string[] {
  const [has, wants] = [new Set(found), new Set(expected)];
  return [
    ...expected.filter((name) => !has.has(name)).map((name) => `${what}: missing ${name}`),
    ...found.filter((name) => !wants.has(name)).map((name) => `${what}: too much: ${name}`),
    ...repeated(found).map((name) => `${what}: twice ${name}`),
  ];
}

/** Credits are bought once for each key, with what was asked for. */
async function moneyFaults({ db, plan, answers }: Evidence): Promise<string[]> {
  const entries = await db.selectFrom("ledger_entries").selectAll().where("kind", "=", "purchase").execute();
  const bought = plan.operations.flatMap((operation, place) =>
    operation.type === "credits" && answers[place]?.status === 201
      ? [`${operation.key} ${operation.amountMicros}`]
      : [],
  );
  const kept = entries.map(({ ref, amount_micros }) => `${/credits-\d+|first$/.exec(ref)?.[0]} ${amount_micros}`);
  return differing(
    "credits",
    kept.filter((line) => !line.startsWith("first")),
    bought,
  );
}

/** No number is sold twice, none is charged without its record nor kept without its charge. */
async function numberFaults({ db, plan, answers }: Evidence): Promise<string[]> {
  const rows = await db.selectFrom("numbers").selectAll().where("carrier", "=", "local").execute();
  const charges = await db
    .selectFrom("ledger_entries")
    .selectAll()
    .where("kind", "=", "charge")
    .where("item", "like", "number.%")
    .execute();
  const sold = plan.operations.flatMap(({ type }, place) =>
    type === "buy" && answers[place]?.status === 201 ? [String(answers[place].body.id)] : [],
  );
  const released = plan.operations.flatMap((operation, place) =>
    operation.type === "release" && answers[place]?.status === 204 ? [String(answers[operation.of]?.body.id)] : [],
  );
  const statusOf = new Map(rows.map((row) => [row.id, row.status]));
  return [
    ...repeated(rows.map(({ number }) => number)).map((number) => `numbers: sold twice: ${number}`),
    ...rows.filter(({ status }) => status === "reserved").map(({ number }) => `numbers: still reserved: ${number}`),
    ...differing(
      "numbers and their charges",
      charges.map(({ ref }) => ref.split(" ")[0] ?? ""),
      rows.map(({ id }) => id),
    ),
    ...repeated(sold).map((id) => `numbers: two were told they bought ${id}`),
    ...sold.filter((id) => !statusOf.has(id)).map((id) => `numbers: sold and gone: ${id}`),
    ...released.filter((id) => statusOf.get(id) !== "released").map((id) => `numbers: released and kept: ${id}`),
  ];
}

/** A key places one call; every call has one ending and one price, and nothing is set aside for it any more. */
async function callFaults({ db, plan, answers, called }: Evidence): Promise<string[]> {
  const rows = await db.selectFrom("calls").selectAll().execute();
  const events = await db.selectFrom("events").select(["call_id", "type"]).where("type", "=", "call.ended").execute();
  const holds = await db.selectFrom("ledger_holds").selectAll().execute();
  const placed = new Map<string, Set<string>>();
  plan.operations.forEach((operation, place) => {
    const answer = answers[place];
    if (operation.type !== "call" || answer?.status !== 201) return;
    placed.set(operation.key, (placed.get(operation.key) ?? new Set()).add(String(answer.body.id)));
  });
  const ours = rows.filter(({ idempotency_key }) => idempotency_key !== null);
  return [
    ...differing(
      "calls by their keys",
      ours.map((row) => `${row.idempotency_key} ${row.id}`),
      [...placed].flatMap(([key, ids]) => [...ids].map((id) => `${key} ${id}`)),
    ),
    ...[...placed].filter(([, ids]) => ids.size > 1).map(([key]) => `calls: ${key} placed several`),
    ...[...called].filter(([, ids]) => ids.size > 1).map(([number]) => `calls: ${number} rang several times`),
    ...rows
      .filter(
        (row) => row.status !== "ended" || row.cause === null || row.ended_at === null || row.cost_micros === null,
      )
      .map(({ id, status, cause }) => `calls: without an ending: ${id} ${status} ${cause}`),
    ...differing(
      "endings of calls",
      events.map(({ call_id }) => call_id),
      rows.map(({ id }) => id),
    ),
    ...differing(
      "holds of calls",
      holds.map(({ call_id, status, cost_micros }) => `${call_id} ${status} ${cost_micros}`),
      rows.map(({ id, cost_micros }) => `${id} settled ${cost_micros}`),
    ),
  ];
}

/** A key sends one text; it is charged once, and there once. */
async function textFaults({ db, plan, answers }: Evidence): Promise<string[]> {
  const rows = await db.selectFrom("texts").selectAll().execute();
  const charges = await db
    .selectFrom("ledger_entries")
    .select(["ref", "item"])
    .where("kind", "=", "charge")
    .where("item", "like", "text.%")
    .execute();
  const sent = new Set<string>();
  plan.operations.forEach((operation, place) => {
    const answer = answers[place];
    if (operation.type === "text" && answer?.status === 201) sent.add(`${operation.key} ${answer.body.id}`);
  });
  const out = rows.filter(({ status }) => status !== "received");
  const come = rows.filter(({ status }) => status === "received");
  return [
    ...differing(
      "texts by their keys",
      out.map((row) => `${row.idempotency_key} ${row.id}`),
      [...sent],
    ),
    ...out.filter(({ status }) => status !== "delivered").map(({ id, status }) => `texts: ${id} is ${status}`),
    ...differing(
      "texts that came",
      come.map(({ carrier_text_id }) => String(carrier_text_id)),
      out.map(({ id }) => id),
    ),
    ...differing(
      "charges of texts",
      charges.map(({ ref, item }) => `${ref} ${item}`),
      rows.map(({ id, status }) => `${id} ${status === "received" ? "text.inbound" : "text.outbound"}`),
    ),
  ];
}

/** Of every committed change that customers are told of there is one event; it came, in its order, signed. */
async function eventFaults({ db, webhookId, told }: Evidence): Promise<string[]> {
  const rows = await db.selectFrom("webhook_deliveries").selectAll().where("webhook_id", "=", webhookId).execute();
  const waiting = await db.selectFrom("webhook_deliveries").selectAll().where("status", "!=", "delivered").execute();
  const first = new Map<string, Told>();
  for (const event of told) if (!first.has(event.id)) first.set(event.id, event);
  const once = [...first.values()];
  const lastOf = new Map<string, number>();
  const early: string[] = [];
  for (const { id, subject, sequence } of once) {
    if (sequence < (lastOf.get(subject) ?? 0)) early.push(`events: ${id} came after a later one of ${subject}`);
    lastOf.set(subject, Math.max(sequence, lastOf.get(subject) ?? 0));
  }
  return [
    ...waiting.map(({ event, subject, status }) => `events: ${event} of ${subject} is ${status}`),
    ...differing(
      "events that came, by the outbox",
      once.map(({ id }) => id),
      rows.map(({ event_id }) => event_id),
    ),
    ...differing(
      "events that came, by what happened",
      once.map(({ type, subject }) => `${type} ${subject}`),
      await eventsOwed(db),
    ),
    ...early,
    ...told.filter(({ isSigned }) => !isSigned).map(({ id }) => `events: ${id} is not signed`),
  ];
}

/** The events that the rows of calls, texts and numbers speak of. */
async function eventsOwed(db: Db): Promise<string[]> {
  const calls = await db.selectFrom("calls").selectAll().execute();
  const rung = await db.selectFrom("events").select("call_id").where("type", "=", "call.ringing").execute();
  const texts = await db.selectFrom("texts").selectAll().execute();
  const numbers = await db.selectFrom("numbers").selectAll().where("status", "=", "released").execute();
  return [
    ...calls.flatMap(({ id, started_at, agent_id }) => [
      `call.initiated ${id}`,
      ...(started_at === null ? [] : [`call.answered ${id}`]),
      `call.ended ${id}`,
      ...(started_at === null || agent_id === null ? [] : [`call.transcript-ready ${id}`]),
    ]),
    ...rung.map(({ call_id }) => `call.ringing ${call_id}`),
    ...texts.flatMap(({ id, status, otp }) => {
      if (status !== "received") return [`text.sent ${id}`, `text.delivered ${id}`];
      return [`text.received ${id}`, ...(otp === null ? [] : [`text.otp ${id}`])];
    }),
    ...numbers.map(({ id }) => `number.released ${id}`),
  ];
}
