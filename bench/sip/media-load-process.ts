import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { MediaLoadAnswer, MediaLoadOptions, MediaLoadQuestion } from "./media-load-protocol.ts";
import { cpuSeconds } from "./process-figures.ts";

/** The telephones of a bench, in a process of their own. */
export interface MediaLoad {
  /** RTP ports of each line. */
  readonly ports: readonly (readonly number[])[];
  /** Resolves when so many phones talk; rejects when they do not in time. */
  talking(phones: number, withinMs: number): Promise<void>;
  /** What is sent from now on counts. */
  measure(): void;
  report(): Promise<Extract<MediaLoadAnswer, { type: "report" }>>;
  cpuSeconds(): number;
  close(): void;
}

/** Starts the process and waits until its ports are open. */
export async function startMediaLoad(options: MediaLoadOptions): Promise<MediaLoad> {
  const child = fork(fileURLToPath(new URL("./media-load.js", import.meta.url)), [JSON.stringify(options)]);
  const next = <Type extends MediaLoadAnswer["type"]>(type: Type) =>
    new Promise<Extract<MediaLoadAnswer, { type: Type }>>((resolve, reject) => {
      const gone = () => reject(new Error("the process of telephones ended"));
      child.once("exit", gone);
      child.once("message", (answer: MediaLoadAnswer) => {
        child.off("exit", gone);
        if (answer.type === type) resolve(answer as Extract<MediaLoadAnswer, { type: Type }>);
        else reject(new Error(`expected ${type}, got ${answer.type}`));
      });
    });
  const ask = <Type extends "count" | "report">(type: Type) => {
    const answer = next(type);
    child.send({ type } satisfies MediaLoadQuestion);
    return answer;
  };
  const { ports } = await next("ready");
  return {
    ports,
    async talking(phones, withinMs) {
      const deadline = Date.now() + withinMs;
      for (;;) {
        const { phones: now } = await ask("count");
        if (now >= phones) return;
        if (Date.now() > deadline) throw new Error(`only ${now} of ${phones} telephones heard anything`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    measure: () => child.send({ type: "measure" } satisfies MediaLoadQuestion),
    report: () => ask("report"),
    cpuSeconds: () => cpuSeconds(child.pid ?? 0),
    close: () => {
      if (child.connected) child.disconnect();
    },
  };
}
