import { accessSync, constants, mkdirSync, statfsSync } from "node:fs";
import type { Config } from "../config.ts";
import { readSipCertificate } from "../control/exchange/io/sip-tls.ts";
import { guardedFetch } from "../kit/io/guarded-http.ts";
import { probePort } from "../media/streams/io/listen.ts";
import type { Address } from "../setting-kinds.ts";

/** What one check found; `advice` says what to do. */
interface Finding {
  readonly check: string;
  readonly verdict: "ok" | "warn" | "fail";
  readonly detail: string;
}

const minFreeBytes = 1e9;
const maxClockSkewMs = 30_000;

/** Checks what a gateway needs on this machine and prints a line a check; the exit code, 1 when something fails. */
export async function runDoctor(config: Config): Promise<number> {
  const running = await gatewayAnswers(config);
  const findings = [
    await checkPort("HTTP port", "TANDEM_HTTP", config.http, running),
    await checkPort("media port", "TANDEM_MEDIA_WS", config.mediaWs, running),
    await checkPort("SIP port", "TANDEM_SIP", config.sip, running),
    ...(await checkSipTls(config, running)),
    checkDisk(config),
    await checkClock(config),
    checkPublicUrl(config),
    await checkProvider(config),
  ];
  for (const { check, verdict, detail } of findings) console.log(`${verdict.padEnd(4)}  ${check}: ${detail}`);
  return findings.some(({ verdict }) => verdict === "fail") ? 1 : 0;
}

async function gatewayAnswers(config: Config): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${config.http.port}/healthz`, { signal: AbortSignal.timeout(1000) });
    return answer.ok;
  } catch {
    return false;
  }
}

async function checkPort(check: string, variable: string, { host, port }: Address, running: boolean): Promise<Finding> {
  const address = `${host}:${port}`;
  if (running) return { check, verdict: "ok", detail: `${address} is served by the running gateway` };
  const advice = `set ${variable} to another address`;
  try {
    if ((await probePort(host, port)) === "free") return { check, verdict: "ok", detail: `${address} is free` };
    return { check, verdict: "fail", detail: `${address} is in use by another program; stop it or ${advice}` };
  } catch (error) {
    return { check, verdict: "fail", detail: `${reasonOf(error)}; ${advice}` };
  }
}

const certificateWarningMs = 14 * 24 * 3_600_000;

/** Nothing to check where SIP over TLS is off. */
async function checkSipTls(config: Config, running: boolean): Promise<Finding[]> {
  if (config.sipTls === null) return [];
  return [await checkPort("SIP TLS port", "TANDEM_SIP_TLS", config.sipTls, running), await checkCertificate(config)];
}

async function checkCertificate(config: Config): Promise<Finding> {
  const check = "SIP certificate";
  try {
    const { expiresAt } = await readSipCertificate(config);
    const leftMs = expiresAt - Date.now();
    const detail = `${config.sipTlsCert}, good until ${new Date(expiresAt).toISOString().slice(0, 10)}`;
    if (leftMs > certificateWarningMs) return { check, verdict: "ok", detail };
    return { check, verdict: leftMs > 0 ? "warn" : "fail", detail: `${detail}; renew it` };
  } catch (error) {
    return { check, verdict: "fail", detail: reasonOf(error) };
  }
}

function checkDisk({ dataDir }: Config): Finding {
  const check = "data folder";
  try {
    mkdirSync(dataDir, { recursive: true });
    accessSync(dataDir, constants.R_OK | constants.W_OK);
    const { bavail, bsize } = statfsSync(dataDir);
    const freeBytes = bavail * bsize;
    const detail = `${dataDir}, ${(freeBytes / 1e9).toFixed(1)} GB free`;
    if (freeBytes >= minFreeBytes) return { check, verdict: "ok", detail };
    return { check, verdict: "warn", detail: `${detail}; a recorded minute takes 1.9 MB` };
  } catch (error) {
    const advice = "set TANDEM_DATA_DIR to a folder that can be written";
    return { check, verdict: "fail", detail: `${dataDir}: ${reasonOf(error)}; ${advice}` };
  }
}

/** Webhook signatures and links expire by the clock, so a wrong clock breaks them; the provider's Date header is the witness. */
async function checkClock(config: Config): Promise<Finding> {
  const check = "clock";
  try {
    const answer = await guardedFetch(config.openaiBaseUrl, {
      method: "GET",
      timeoutMs: 3000,
      maxResponseBytes: 65_536,
      allowPrivate: true,
    });
    const told = Date.parse(String(answer.headers.date ?? ""));
    if (Number.isNaN(told))
      return { check, verdict: "warn", detail: `${new Date().toISOString()}; no witness to compare with` };
    const skewMs = Math.abs(Date.now() - told);
    return skewMs <= maxClockSkewMs
      ? {
          check,
          verdict: "ok",
          detail: `within ${Math.ceil(skewMs / 1000)} s of ${new URL(config.openaiBaseUrl).host}`,
        }
      : {
          check,
          verdict: "fail",
          detail: `${Math.round(skewMs / 1000)} s off; run a time service (chrony, systemd-timesyncd)`,
        };
  } catch {
    return {
      check,
      verdict: "warn",
      detail: `${new Date().toISOString()}; no witness could be reached to compare with`,
    };
  }
}

function checkPublicUrl({ publicUrl, twilioAuthToken }: Config): Finding {
  const check = "public address";
  const url = new URL(publicUrl);
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (local) {
    const detail = `${publicUrl}: carriers cannot reach it; set TANDEM_PUBLIC_URL to the https:// origin they see`;
    return { check, verdict: twilioAuthToken ? "fail" : "warn", detail };
  }
  if (url.protocol !== "https:")
    return { check, verdict: "fail", detail: `${publicUrl}: carriers need https:// (and wss://)` };
  return { check, verdict: "ok", detail: publicUrl };
}

async function checkProvider({ openaiApiKey, openaiBaseUrl }: Config): Promise<Finding> {
  const check = "provider key";
  if (!openaiApiKey) {
    return { check, verdict: "warn", detail: "OPENAI_API_KEY is not set: only the local provider works" };
  }
  const { host } = new URL(openaiBaseUrl);
  try {
    const answer = await guardedFetch(`${openaiBaseUrl}/models`, {
      method: "GET",
      headers: { authorization: `Bearer ${openaiApiKey}` },
      timeoutMs: 5000,
      maxResponseBytes: 4_000_000,
      allowPrivate: true,
    });
    if (answer.status === 401 || answer.status === 403) {
      return { check, verdict: "fail", detail: `${host} refuses the key (${answer.status}); check OPENAI_API_KEY` };
    }
    return { check, verdict: "ok", detail: `${host} answers ${answer.status}` };
  } catch (error) {
    return { check, verdict: "fail", detail: `${reasonOf(error)}; see OPENAI_BASE_URL` };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
