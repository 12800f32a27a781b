/** Kamailio from Debian's package as a carrier: the registrar and proxy of `test/interop/scenarios/kamailio.cfg`. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./gateway.ts";

const program = "/usr/sbin/kamailio";
const script = fileURLToPath(new URL("../interop/scenarios/kamailio.cfg", import.meta.url));
/** Not the gateway's own, so that the two can be told apart by it. */
const host = "127.0.0.2";

export interface KamailioOptions {
  /** The line that may register: user name, and what is dialled to reach it. */
  readonly line: string;
  readonly password: string;
  readonly algorithm: "MD5" | "SHA-256";
  readonly gatewayPort: number;
}

export interface Kamailio {
  readonly host: string;
  readonly port: number;
  /** Call-IDs of the REGISTERs so far, in order. */
  registers(): readonly string[];
  close(): Promise<void>;
}

/** Starts it; resolves when it listens. */
export async function startKamailio(options: KamailioOptions): Promise<Kamailio> {
  if (!existsSync(program)) throw new Error(`${program} is missing: apt-get install kamailio`);
  const { line, password, algorithm, gatewayPort } = options;
  const folder = mkdtempSync(join(tmpdir(), "tandem-kamailio-"));
  const port = await freePort();
  const words = {
    ADDRESS: `${host}:${port}`,
    LINE: `"${line}"`,
    REALM: '"carrier"',
    SECRET: `"${password}"`,
    ALGORITHM: `"${algorithm}"`,
    GATEWAY: `"sip:127.0.0.1:${gatewayPort}"`,
  };
  const defined = Object.entries(words).flatMap(([name, value]) => ["-A", `${name}=${value}`]);
  const memory = ["-m", "16", "-M", "4"];
  const child = spawn(program, ["-f", script, "-DD", "-E", "-Y", folder, "-w", folder, ...memory, ...defined], {
    stdio: ["ignore", "pipe", "pipe"],
    // Its processes are a group of their own, so that none of them outlives the test.
    detached: true,
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => printed.push(String(chunk)));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const output = (): string => printed.join("");
  await eventually("Kamailio listens", async () => {
    if (child.exitCode !== null) throw new Error(`Kamailio ended with ${child.exitCode}:\n${output()}`);
    return (await answers(port)) ? true : undefined;
  });
  return {
    host,
    port,
    registers: () => [...output().matchAll(/REGISTER in (\S+)/g)].map(([, id]) => id!),
    close: async () => {
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        // Gone already.
      }
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createSocket("udp4");
  probe.bind(0, host);
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}

/** Whether something there answers SIP within a moment. */
async function answers(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const mine = socket.address().port;
  const request = [
    `OPTIONS sip:${host}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${mine};branch=z9hG4bK-probe-${mine}`,
    "Max-Forwards: 70",
    `From: <sip:probe@127.0.0.1:${mine}>;tag=probe`,
    `To: <sip:${host}:${port}>`,
    `Call-ID: probe-${mine}`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ];
  socket.send(request.join("\r\n"), port, host);
  const heard = await Promise.race([
    once(socket, "message").then(() => true),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 200)),
  ]);
  socket.close();
  return heard;
}
