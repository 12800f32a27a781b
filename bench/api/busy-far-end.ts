import { createSocket } from "node:dgram";

/** A telephone company in which everybody is on the telephone: over UDP, each INVITE is answered 486 (RFC 3261 §21.4.24). */
export interface BusyFarEnd {
  readonly port: number;
  /** Calls refused so far. */
  readonly calls: number;
  close(): void;
}

export async function startBusyFarEnd(): Promise<BusyFarEnd> {
  const socket = createSocket("udp4");
  let calls = 0;
  socket.on("message", (bytes, from) => {
    const text = bytes.toString("latin1");
    if (!text.startsWith("INVITE ")) return;
    calls += 1;
    const lines = text.slice(0, text.indexOf("\r\n\r\n")).split("\r\n").slice(1);
    const kept = lines.filter((line) => /^(?:via|from|to|call-id|cseq):/i.test(line));
    const answer = kept.map((line) => (/^to:/i.test(line) ? `${line};tag=busy${calls}` : line));
    socket.send(
      `SIP/2.0 486 Busy Here\r\n${answer.join("\r\n")}\r\nContent-Length: 0\r\n\r\n`,
      from.port,
      from.address,
    );
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    port: socket.address().port,
    get calls() {
      return calls;
    },
    close: () => socket.close(),
  };
}
