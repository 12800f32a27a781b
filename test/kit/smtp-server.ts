/** A mail server on loopback that takes what it is given, or answers as a test says. */
import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A mail as it came over the wire. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header lines, unfolded. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface SmtpServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** Every line of the client outside a mail. */
  readonly commands: string[];
  /** Answers in place of the usual ones, by the first word of a command, or `DATA.` for the end of a mail. */
  readonly answers: Map<string, string>;
}

/** Opens one; it is closed with the test. `logins`: it offers AUTH PLAIN. */
export async function openSmtpServer({ logins = false } = {}): Promise<SmtpServer> {
  const mails: ReceivedMail[] = [];
  const commands: string[] = [];
  const answers = new Map<string, string>();
  const sockets = new Set<Socket>();
  const usual: Readonly<Record<string, string>> = {
    EHLO: logins ? "250-mail.example.com\r\n250 AUTH PLAIN" : "250 mail.example.com",
    AUTH: "235 welcome",
    MAIL: "250 ok",
    RCPT: "250 ok",
    DATA: "354 go on",
    "DATA.": "250 taken",
    RSET: "250 ok",
    QUIT: "221 bye",
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = "";
    let isData = false;
    let from = "";
    let to: string[] = [];
    const say = (key: string) => socket.write(`${answers.get(key) ?? usual[key] ?? "500 what?"}\r\n`);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (;;) {
        const end = isData ? "\r\n.\r\n" : "\r\n";
        const at = text.indexOf(end);
        if (at < 0) return;
        const line = text.slice(0, at);
        text = text.slice(at + end.length);
        if (isData) {
          isData = false;
          const [head = "", ...rest] = line.split("\r\n\r\n");
          const headers = head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
          mails.push({ from, to, headers, body: rest.join("\r\n\r\n") });
          say("DATA.");
          continue;
        }
        commands.push(line);
        const word = line.split(" ", 1)[0]?.toUpperCase() ?? "";
        const address = /<([^>]*)>/.exec(line)?.[1] ?? "";
        if (word === "MAIL") [from, to] = [address, []];
        if (word === "RCPT") to.push(address);
        isData = word === "DATA" && !answers.has("DATA");
        say(word);
      }
    });
    socket.write("220 mail.example.com ESMTP\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server has no port");
  return { port: bound.port, mails, commands, answers };
}
