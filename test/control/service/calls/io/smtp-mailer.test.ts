import { describe, expect, test } from "vitest";
import { openMailer } from "../../../../../src/control/service/calls/io/smtp-mailer.ts";
import type { Mail, Mailer } from "../../../../../src/control/service/calls/summary-sender.ts";
import { openSmtpServer } from "../../../../kit/smtp-server.ts";

const mail: Mail = {
  to: "owner@example.com",
  subject: "[High] Acme: call from Ann Lee, +14155559876",
  text: "Caller: Ann Lee\n.\nPhone: +14155559876\n",
  key: "call_1.summary",
};
const mailFrom = "Acme Calls <calls@acme.example.com>";

async function mailerAt(port: number, login = ""): Promise<Mailer> {
  const mailer = await openMailer({ smtpUrl: `smtp://${login}127.0.0.1:${port}`, mailFrom });
  if (typeof mailer === "string") throw new Error(mailer);
  return mailer;
}

describe("mail over SMTP", () => {
  test("mail: one for one address, plain text, with an id that is the same for every attempt", async () => {
    const server = await openSmtpServer();
    const mailer = await mailerAt(server.port);
    expect(await mailer.send(mail)).toEqual({ type: "sent" });
    const [got] = server.mails;
    expect(got).toMatchObject({ from: "calls@acme.example.com", to: ["owner@example.com"] });
    expect(got?.headers).toEqual(
      expect.arrayContaining([
        "From: Acme Calls <calls@acme.example.com>",
        "To: owner@example.com",
        `Subject: ${mail.subject}`,
        "Message-ID: <call_1.summary@acme.example.com>",
        "Auto-Submitted: auto-generated",
      ]),
    );
    expect(got?.headers.join()).toContain("text/plain");
    expect(got?.body).toBe("Caller: Ann Lee\r\n..\r\nPhone: +14155559876");
  });

  test("mail: a subject and an address cannot add headers or recipients", async () => {
    const server = await openSmtpServer();
    const mailer = await mailerAt(server.port);
    await mailer.send({ ...mail, subject: "x\r\nBcc: all@example.com\r\n\r\nhello" });
    await mailer.send({ ...mail, to: "owner@example.com>\r\nRCPT TO:<all@example.com" });
    await mailer.send({ ...mail, to: "owner@example.com, all@example.com" });
    for (const { to, headers } of server.mails) {
      expect(to).not.toContain("all@example.com");
      expect(headers.filter((line) => /^(bcc|cc):/i.test(line))).toEqual([]);
    }
    expect(server.commands.filter((line) => /^RCPT.*<all@/.test(line))).toEqual([]);
  });

  test("mail: user and password of the URL, with their percent codes, go to the server and into no reason", async () => {
    const server = await openSmtpServer({ logins: true });
    const mailer = await mailerAt(server.port, "us%40er:p%3Ass@");
    expect(await mailer.send(mail)).toEqual({ type: "sent" });
    const login = server.commands.find((line) => line.startsWith("AUTH PLAIN "))?.slice("AUTH PLAIN ".length) ?? "";
    expect(Buffer.from(login, "base64").toString()).toBe("\0us@er\0p:ss");
    server.answers.set("AUTH", "535 5.7.8 no such p:ss of us@er");
    expect(await mailer.send(mail)).toEqual({
      type: "again",
      detail: "the mail server refused the gateway's login with 535",
    });
  });

  test.each([
    ["RCPT", "550 5.1.1 no such mailbox", { type: "failed", detail: "the mail server refused it with 550" }],
    ["RCPT", "451 4.7.1 greylisted", { type: "again", detail: "the mail server put it off with 451" }],
    ["DATA.", "552 too large", { type: "failed", detail: "the mail server refused it with 552" }],
    ["MAIL", "421 going down", { type: "again", detail: "the mail server put it off with 421" }],
  ])("mail: %s answered with %s", async (command, answer, outcome) => {
    const server = await openSmtpServer();
    server.answers.set(command, answer);
    expect(await (await mailerAt(server.port)).send(mail)).toEqual(outcome);
  });

  test("mail: nobody there is for later", async () => {
    const gone = await mailerAt(1);
    expect(await gone.send(mail)).toEqual({ type: "again", detail: "the mail server could not be reached" });
  });

  test("mail: without a server, or without a sender, it is said which setting is missing", async () => {
    expect(await openMailer({ smtpUrl: "", mailFrom })).toMatch(/TANDEM_SMTP_URL/);
    expect(await openMailer({ smtpUrl: "smtp://127.0.0.1", mailFrom: "" })).toMatch(/TANDEM_MAIL_FROM/);
  });
});
