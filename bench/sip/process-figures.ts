/** What Linux tells of a process from outside: /proc, no help of the process needed. */
import { readdirSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";

const ticksPerSecond = 100;
const pageBytes = 4096;

/** CPU seconds a process has used so far, all its threads, in user and kernel mode. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** CPU seconds the whole machine has used so far, and those that the host of a virtual machine took away while it was wanted. */
export function machineCpuSeconds(): { readonly used: number; readonly stolen: number } {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    readFileSync("/proc/stat", "utf8").split("\n", 1)[0]?.trim().split(/\s+/).slice(1).map(Number) ?? [];
  return { used: (user + nice + system + irq + softirq) / ticksPerSecond, stolen: steal / ticksPerSecond };
}

/** Memory of a process that is in RAM, in bytes. */
export function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * pageBytes;
}

/** Processes that this one started. */
export function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(/\s+/).filter(Boolean).map(Number),
  );
}

/** Datagrams the kernel dropped at local ports `first` to `last` for want of room; only sockets open now count. */
export function droppedDatagrams(first: number, last: number): number {
  let dropped = 0;
  for (const line of readFileSync("/proc/net/udp", "utf8").split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const port = Number.parseInt(fields[1]?.split(":")[1] ?? "", 16);
    if (port >= first && port <= last) dropped += Number(fields.at(-1));
  }
  return dropped;
}

/** Processes that wanted a core, over the last minute: figures taken under a load of others are no promises. */
export function machineLoad(): string {
  return `load average ${loadavg()[0]?.toFixed(1)}`;
}
