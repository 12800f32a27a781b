import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Logger } from "../../../kit/log.ts";
import type { TlsOptions } from "../../../sip/io/stream-transport.ts";
import type { ListenAddress } from "../../../sip/io/transport.ts";

/** The settings of SIP over TLS. */
export interface SipTlsSettings {
  /** Null: nobody listens. */
  readonly sipTls: { readonly host: string; readonly port: number } | null;
  /** PEM files. */
  readonly sipTlsCert: string;
  readonly sipTlsKey: string;
}

/** A certificate with its key, both PEM, that fit each other. */
export interface SipCertificate {
  readonly cert: string;
  readonly key: string;
  /** Wall ms. */
  readonly expiresAt: number;
}

/** Reads and checks the two files; throws an Error that names the setting and says what to do. */
export async function readSipCertificate(settings: SipTlsSettings): Promise<SipCertificate> {
  const cert = await readPem("TANDEM_SIP_TLS_CERT", settings.sipTlsCert);
  const key = await readPem("TANDEM_SIP_TLS_KEY", settings.sipTlsKey);
  const expiresAt = expiryOf(cert);
  try {
    createSecureContext({ cert, key });
  } catch {
    // What the library says may quote the file.
    throw new Error("TANDEM_SIP_TLS_KEY: expected the PEM private key of the certificate in TANDEM_SIP_TLS_CERT");
  }
  return { cert, key, expiresAt };
}

/** Where and with what SIP over TLS is to listen; undefined: nowhere. */
export async function sipTlsOptions(settings: SipTlsSettings): Promise<(ListenAddress & TlsOptions) | undefined> {
  const { sipTls } = settings;
  if (sipTls === null) return undefined;
  const { cert, key } = await readSipCertificate(settings);
  return { address: sipTls.host, port: sipTls.port, cert, key, checksServers: true };
}

export interface CertificateWatch {
  /** Reads the files now. */
  look(): Promise<void>;
  /** Twice is fine. */
  close(): void;
}

const lookEveryMs = 3_600_000;

/**
 * Looks every hour whether the files hold another certificate than the one shown, and hands it on. Files that cannot be read, or do not
 * fit each other because just one of them is written yet, leave everything as it is.
 */
export function watchSipCertificate(
  settings: SipTlsSettings,
  shownCert: string,
  renew: (certificate: SipCertificate) => void,
  log: Logger,
): CertificateWatch {
  let shown = shownCert;
  const look = async (): Promise<void> => {
    try {
      const certificate = await readSipCertificate(settings);
      if (shown === certificate.cert) return;
      shown = certificate.cert;
      renew(certificate);
      log.info({ expiresAt: new Date(certificate.expiresAt).toISOString() }, "SIP over TLS has a new certificate");
    } catch (error) {
      log.warn({ err: error }, "the certificate of SIP over TLS could not be read again; the old one stays");
    }
  };
  const timer = settings.sipTls === null ? undefined : setInterval(() => void look(), lookEveryMs).unref();
  return { look, close: () => clearInterval(timer) };
}

async function readPem(variable: string, path: string): Promise<string> {
  if (path === "") throw new Error(`${variable} is not set: SIP over TLS (TANDEM_SIP_TLS) needs it`);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${variable}=${path}: the file cannot be read (${code ?? "unknown reason"})`);
  }
}

function expiryOf(cert: string): number {
  try {
    return Date.parse(new X509Certificate(cert).validTo);
  } catch {
    throw new Error("TANDEM_SIP_TLS_CERT: expected a certificate in PEM");
  }
}
