/** E-mail over SMTP. What the server says stays here: the customer hears its code, and nobody the password. */
import { isIP } from "node:net";
import type { Mailer, SendOutcome } from "../summary-sender.ts";

/** Where mail goes and whom it is from. */
export interface MailSettings {
  /** `smtp://` or `smtps://user:password@host:port`; "": there is no mail server. */
  readonly smtpUrl: string;
  /** An address, or `Name <address>`. */
  readonly mailFrom: string;
}

/** How long a mail server may keep silent at each step, in ms. */
const waits = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 60_000, dnsTimeout: 10_000 };

/** The mailer of the settings; the name of the setting that is missing, as a sentence, when there is none. */
export async function openMailer({ smtpUrl, mailFrom }: MailSettings): Promise<Mailer | string> {
  if (smtpUrl === "") return "no e-mail is sent: TANDEM_SMTP_URL is not set";
  if (mailFrom === "") return "no e-mail is sent: TANDEM_MAIL_FROM is not set";
  // Loaded only where it is used.
  const { createTransport } = await import("nodemailer");
  const { protocol, hostname, port, username, password } = new URL(smtpUrl);
  const isSecure = protocol === "smtps:";
  const host = hostname.replace(/^\[|\]$/g, "");
  const transport = createTransport({
    host,
    port: port === "" ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    // A password is not said aloud on a network.
    requireTLS: username !== "" && !isOwn(host),
    ...(username !== "" && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    ...waits,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([A-Za-z0-9.-]+)>?\s*$/.exec(mailFrom)?.[1] ?? "localhost";
  return {
    send: async ({ to, subject, text, key }) => {
      try {
        await transport.sendMail({
          from: mailFrom,
          // As parts, so that an address is never read as a list of several.
          to: { name: "", address: to },
          subject,
          text,
          messageId: `<${key}@${domain}>`,
          headers: { "Auto-Submitted": "auto-generated" },
        });
        return { type: "sent" };
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}

function isOwn(host: string): boolean {
  return host === "localhost" || (isIP(host) === 4 && host.startsWith("127.")) || host === "::1";
}

/** What an error of the mail library means (RFC 5321 §4.2.1: 5yz is for good), without a word of the server's. */
function outcomeOf(error: unknown): SendOutcome {
  const { responseCode, code } = error as { readonly responseCode?: unknown; readonly code?: unknown };
  const answer = typeof responseCode === "number" ? responseCode : undefined;
  const told = answer === undefined ? "" : ` with ${answer}`;
  // A wrong password is the operator's, who may yet set the right one.
  if (code === "EAUTH") return { type: "again", detail: `the mail server refused the gateway's login${told}` };
  if (answer !== undefined && answer >= 500) return { type: "failed", detail: `the mail server refused it${told}` };
  if (answer !== undefined) return { type: "again", detail: `the mail server put it off${told}` };
  if (code === "EENVELOPE" || code === "EMESSAGE") return { type: "failed", detail: "no e-mail can be sent to it" };
  return { type: "again", detail: "the mail server could not be reached" };
}
