import { describe, expect, test } from "vitest";
import { readConfig } from "../src/config.ts";

describe("settings", () => {
  test("settings: none set gives a gateway that runs on this machine alone", () => {
    expect(readConfig({})).toMatchObject({
      http: { host: "0.0.0.0", port: 8080 },
      publicUrl: "http://127.0.0.1:8080",
      publicMediaUrl: "ws://127.0.0.1:8081",
      wsEngine: "auto",
      allowPrivateTargets: false,
      drainMs: 30_000,
      defaultProvider: "local",
    });
    expect(readConfig({}).mediaProcesses).toBeGreaterThanOrEqual(1);
  });

  test("settings: an empty or blank variable counts as not set", () => {
    expect(readConfig({ TANDEM_HTTP: "", TANDEM_LOG_LEVEL: "  " })).toEqual(readConfig({}));
  });

  test("settings: the media address follows the public one, unless it has its own", () => {
    const TANDEM_PUBLIC_URL = "https://voice.example.com/";
    expect(readConfig({ TANDEM_PUBLIC_URL })).toMatchObject({
      publicUrl: "https://voice.example.com",
      publicMediaUrl: "wss://voice.example.com",
    });
    expect(readConfig({ TANDEM_PUBLIC_URL, TANDEM_PUBLIC_MEDIA_URL: "wss://media.example.com" })).toMatchObject({
      publicMediaUrl: "wss://media.example.com",
    });
  });

  test("settings: agents that name no provider are realtime ones where there is a key", () => {
    expect(readConfig({ OPENAI_API_KEY: "sk-1" }).defaultProvider).toBe("openai-realtime");
  });

  test("settings: `none` is no transcription model", () => {
    expect(readConfig({ TANDEM_REALTIME_TRANSCRIPTION_MODEL: "none" }).realtimeTranscriptionModel).toBe("");
  });

  test("settings: SIP over TLS is off until it has an address", () => {
    expect(readConfig({}).sipTls).toBeNull();
    expect(readConfig({ TANDEM_SIP_TLS: ":5061" }).sipTls).toEqual({ host: "0.0.0.0", port: 5061 });
  });

  test("settings: a mail server and a sender that cannot be are refused, and the password is not repeated", () => {
    const smtpUrl = "smtps://user:p%40ss@mail.example.com:465";
    expect(readConfig({ TANDEM_SMTP_URL: smtpUrl, TANDEM_MAIL_FROM: "Acme <a@example.com>" })).toMatchObject({
      smtpUrl,
      mailFrom: "Acme <a@example.com>",
    });
    for (const bad of ["mail.example.com", "http://user:hush@h", "smtp://user:hush%@h"]) {
      expect(() => readConfig({ TANDEM_SMTP_URL: bad })).toThrow("TANDEM_SMTP_URL=…: expected smtp://");
    }
    for (const bad of ["acme", "a@b <c@d", "A\nB <a@b>", "<a@b>, <c@d>"]) {
      expect(() => readConfig({ TANDEM_MAIL_FROM: bad })).toThrow("TANDEM_MAIL_FROM");
    }
  });

  test("settings: web origins are a list", () => {
    expect(readConfig({}).sipWsOrigins).toEqual([]);
    const TANDEM_SIP_WS_ORIGINS = "https://a.example.com, http://localhost:5173";
    expect(readConfig({ TANDEM_SIP_WS_ORIGINS }).sipWsOrigins).toEqual([
      "https://a.example.com",
      "http://localhost:5173",
    ]);
  });

  test("settings: a carrier's socket has at least a second to give a sign of life", () => {
    expect(readConfig({ TANDEM_MEDIA_IDLE_MS: "0" }).mediaIdleMs).toBe(1000);
    expect(readConfig({}).mediaIdleMs).toBe(30_000);
  });

  test("settings: there is always a media process", () => {
    expect(readConfig({ TANDEM_MEDIA_PROCESSES: "0" }).mediaProcesses).toBe(1);
  });

  test.each([
    ["TANDEM_HTTP", "8080", "expected HOST:PORT"],
    ["TANDEM_HTTP", "0.0.0.0:65536", "expected HOST:PORT"],
    ["TANDEM_SIP_TLS", "5061", "expected HOST:PORT"],
    ["TANDEM_SIP_WS_ORIGINS", "app.example.com", "expected origins"],
    ["TANDEM_SIP_WS_ORIGINS", "https://app.example.com/page", "expected origins"],
    ["TANDEM_TRUSTED_PROXIES", "proxy.lan", "expected addresses or networks"],
    ["TANDEM_TRUSTED_PROXIES", "10.0.0.0/33", "expected addresses or networks"],
    ["TANDEM_DRAIN_MS", "-1", "expected a whole number"],
    ["TANDEM_DRAIN_MS", "30s", "expected a whole number"],
    ["TANDEM_ALLOW_PRIVATE_TARGETS", "yes", "expected true or false"],
    ["TANDEM_PUBLIC_URL", "voice.example.com:443", "expected a URL that begins with https://"],
    ["TANDEM_PUBLIC_URL", "https://", "expected a URL"],
    ["TANDEM_PUBLIC_MEDIA_URL", "https://voice.example.com", "expected a URL that begins with wss://"],
    ["OPENAI_BASE_URL", "file:///etc/passwd", "expected a URL that begins with https://"],
    ["TANDEM_WS_ENGINE", "fast", "expected one of auto, uws, ws"],
    ["TANDEM_LOG_LEVEL", "loud", "expected one of debug, info, warn, error, silent"],
  ])("settings: %s=%s is refused by name, with what was expected", (variable, value, expected) => {
    expect(() => readConfig({ [variable]: value })).toThrow(`${variable}=${value}: ${expected}`);
  });
});
