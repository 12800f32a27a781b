/** Performs a plan on a gateway that is killed meanwhile: what was not answered is asked again in its next life. */
import { eventually, type Json, startGateway, type TestGateway, testKey } from "../gateway.ts";
import { type CrashPlan, houseNumbers, type Operation } from "./plan.ts";

/** What an operation was answered in the end. */
export interface Answer {
  readonly status: number;
  readonly body: Json;
  /** How often it was asked. */
  readonly asked: number;
  readonly isReplay: boolean;
}

/** A gateway that is started again on the same data when it was killed. */
export class MortalGateway {
  lives = 1;
  readonly #env: Readonly<Record<string, string>>;
  #life: Promise<TestGateway>;
  readonly #dataDir: string;
  readonly #logs: (readonly string[])[];

  static async start(env: Record<string, string>): Promise<MortalGateway> {
    const first = await startGateway(env);
    return new MortalGateway(env, first);
  }

  private constructor(env: Readonly<Record<string, string>>, first: TestGateway) {
    this.#env = env;
    this.#life = Promise.resolve(first);
    this.#logs = [first.lines];
    this.#dataDir = first.dataDir;
  }

  get dataDir(): string {
    return this.#dataDir;
  }

  /** What all its lives said of faults of their own. */
  get complaints(): readonly string[] {
    return this.#logs.flat().filter((line) => /"level":(?:50|60)|"level":"(?:error|fatal)"/.test(line));
  }

  /** Kills it; the next life begins at once. */
  async kill(): Promise<void> {
    const dying = this.#life;
    this.lives += 1;
    this.#life = dying.then(async (gateway) => {
      await gateway.stop("SIGKILL");
      const next = await startGateway({ ...this.#env }, this.#dataDir);
      this.#logs.push(next.lines);
      return next;
    });
    await this.#life;
  }

  /** Asks until there is an answer; a request that is cut off by the gateway's death is sent again to the next one. */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    for (let asked = 1; ; asked += 1) {
      const life = this.#life;
      const gateway = await life;
      try {
        const response = await fetch(`${gateway.httpUrl}/api/v1${path}`, {
          method,
          headers: {
            authorization: `Bearer ${testKey}`,
            ...(body !== undefined && { "content-type": "application/json" }),
            ...headers,
          },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        const text = await response.text();
        const isReplay = response.headers.get("idempotent-replayed") === "true";
        return { status: response.status, body: text === "" ? null : JSON.parse(text), asked, isReplay };
      } catch (error) {
        if (this.#life === life)
          throw new Error(`${method} ${path}: no answer from a gateway that lives`, { cause: error });
      }
    }
  }

  /** Stops it as its operator would. */
  async stop(): Promise<void> {
    await (await this.#life).stop("SIGTERM");
  }

  /** Ends it however it stands, and removes its folder. */
  async close(): Promise<void> {
    await (await this.#life).close();
  }
}

/** The id of what an operation did not make, because it was refused. */
const noId = "none";

/** Requests at a time. */
const hands = 8;

/** Performs the operations, several at a time and in their order; each one's answer. `hookUrl`: of webhooks made on the way. */
export async function perform(
  gateway: MortalGateway,
  { operations, deaths }: CrashPlan,
  hookUrl: string,
): Promise<readonly Answer[]> {
  const answers: Promise<Answer>[] = [];
  const dying: Promise<void>[] = [];
  const work = async (): Promise<void> => {
    for (;;) {
      const place = answers.length;
      const operation = operations[place];
      if (!operation) return;
      const answer = performOne(gateway, operation, { hookUrl, answerOf: (of) => answers[of]! });
      answers.push(answer);
      const death = deaths.find(({ after }) => after === place);
      if (death) dying.push(sleep(death.delayMs).then(() => gateway.kill()));
      await answer;
    }
  };
  await Promise.all(Array.from({ length: hands }, work));
  await Promise.all(dying);
  return Promise.all(answers);
}

async function performOne(
  gateway: MortalGateway,
  operation: Operation,
  { hookUrl, answerOf }: { readonly hookUrl: string; readonly answerOf: (place: number) => Promise<Answer> },
): Promise<Answer> {
  const idOf = async (place: number): Promise<string> => (await answerOf(place)).body?.id ?? noId;
  switch (operation.type) {
    case "buy":
      return gateway.ask("POST", "/numbers/buy", { number: operation.number });
    case "release": {
      const id = await idOf(operation.of);
      const answer = await gateway.ask("DELETE", `/numbers/${id}`);
      // Who hears that it is gone already, and had asked before, has released it then.
      const isDone = answer.status === 404 && answer.asked > 1 && id !== noId;
      return isDone ? { ...answer, status: 204 } : answer;
    }
    case "call": {
      const { key, from, to, talks } = operation;
      const order = {
        from: houseNumbers[from],
        to,
        max_duration_ms: 20_000,
        ring_timeout_ms: 20_000,
        ...(talks ? { agent: { instructions: "Be brief.", provider: "local" } } : { kind: "bridge" }),
      };
      return gateway.ask("POST", "/calls", order, { "idempotency-key": key });
    }
    case "hang-up":
      return gateway.ask("POST", `/calls/${await idOf(operation.of)}/hangup`);
    case "text": {
      const { key, from, to, text } = operation;
      const order = { from: houseNumbers[from], to: houseNumbers[to], text, idempotency_key: key };
      return gateway.ask("POST", "/texts", order);
    }
    case "credits": {
      const { key, amountMicros } = operation;
      return gateway.ask("POST", "/credits", { amount_micros: amountMicros, idempotency_key: key });
    }
    case "agent": {
      const { body } = await gateway.ask("GET", "/agents?limit=1");
      return gateway.ask("PATCH", `/agents/${body.data[0].id}`, { instructions: operation.instructions });
    }
    case "webhook":
      return gateway.ask("POST", "/webhooks", { url: hookUrl, events: ["*"] });
    case "rotate":
      return gateway.ask("POST", `/webhooks/${await idOf(operation.of)}/rotate`);
    case "unhook":
      return gateway.ask("DELETE", `/webhooks/${await idOf(operation.of)}`);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Hangs up all calls and waits until everything has come to its end. */
export async function settle(gateway: MortalGateway): Promise<void> {
  await eventually("all calls have ended", async () => {
    const statuses = ["queued", "ringing", "in-progress"];
    const lists = await Promise.all(statuses.map((status) => gateway.ask("GET", `/calls?limit=100&status=${status}`)));
    const open: Json[] = lists.flatMap(({ body }) => body.data);
    await Promise.all(open.map(({ id }) => gateway.ask("POST", `/calls/${id}/hangup`)));
    return open.length === 0 ? true : undefined;
  });
  await eventually("all webhooks have been told everything", async () => {
    const { body } = await gateway.ask("GET", "/webhooks?limit=100");
    const waiting = await Promise.all(
      body.data.map(({ id }: Json) => gateway.ask("GET", `/webhooks/${id}/deliveries?limit=1&status=pending`)),
    );
    return waiting.every((answer: Answer) => answer.body.data.length === 0) ? true : undefined;
  });
}
