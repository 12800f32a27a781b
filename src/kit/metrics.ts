import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const latencyBuckets = [0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.15, 0.25, 0.4, 0.6, 1, 1.5, 2.5, 5, 10];

/** Every metric of the gateway, made once per process; the control plane adds the processes' together. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 5 });
  const registers = [registry];
  return {
    registry,
    callsActive: new Gauge({ name: "tandem_calls_active", help: "Calls being held now", registers }),
    callsStarted: new Counter({
      name: "tandem_calls_started_total",
      help: "Calls whose media began",
      labelNames: ["carrier"],
      registers,
    }),
    callsEnded: new Counter({
      name: "tandem_calls_ended_total",
      help: "Calls ended, by cause",
      labelNames: ["cause"],
      registers,
    }),
    setupSeconds: new Histogram({
      name: "tandem_call_setup_seconds",
      help: "WebSocket upgrade to the first agent audio on the wire",
      buckets: latencyBuckets,
      registers,
    }),
    turnLatencySeconds: new Histogram({
      name: "tandem_turn_latency_seconds",
      help: "Caller's last voiced frame to the first agent frame on the wire",
      buckets: latencyBuckets,
      registers,
    }),
    bargeInStopSeconds: new Histogram({
      name: "tandem_barge_in_stop_seconds",
      help: "Caller's speech onset to the agent's silence",
      buckets: latencyBuckets,
      registers,
    }),
    underruns: new Counter({
      name: "tandem_playout_underruns_total",
      help: "Playout ran dry inside an item",
      registers,
    }),
    streamsRefused: new Counter({
      name: "tandem_streams_refused_total",
      help: "Media streams refused, by reason",
      labelNames: ["reason"],
      registers,
    }),
    ignoredMessages: new Counter({
      name: "tandem_ignored_messages_total",
      help: "Messages of unknown type",
      labelNames: ["source"],
      registers,
    }),
    errors: new Counter({ name: "tandem_errors_total", help: "Errors by kind", labelNames: ["kind"], registers }),
    vadRestarts: new Counter({
      name: "tandem_vad_restarts_total",
      help: "Threads of the neural voice activity detector started again after a crash",
      registers,
    }),
    toolCalls: new Counter({
      name: "tandem_tool_calls_total",
      help: "Tool calls by result",
      labelNames: ["result"],
      registers,
    }),
    mediaProcessRestarts: new Counter({
      name: "tandem_media_process_restarts_total",
      help: "Media processes started again after a crash",
      registers,
    }),
    sipDropped: new Counter({
      name: "tandem_sip_dropped_total",
      help: "SIP messages dropped unread, by reason: limited, banned",
      labelNames: ["reason"],
      registers,
    }),
    limitsWithoutRedis: new Counter({
      name: "tandem_limits_without_redis_total",
      help: "Requests whose rate limit this node counted for itself because Redis was away",
      registers,
    }),
    phonesRegistered: new Gauge({
      name: "tandem_phones_registered",
      help: "Phones that can be reached now",
      registers,
    }),
    sipAuthFailures: new Counter({
      name: "tandem_sip_auth_failures_total",
      help: "SIP requests with wrong credentials, by reason",
      labelNames: ["reason"],
      registers,
    }),
    texts: new Counter({
      name: "tandem_texts_total",
      help: "Text messages, by direction and what became of them",
      labelNames: ["direction", "status"],
      registers,
    }),
    webhookDeliveries: new Counter({
      name: "tandem_webhook_deliveries_total",
      help: "Attempts to tell customers' webhooks, by result: delivered, failed (to be repeated), dead",
      labelNames: ["result"],
      registers,
    }),
    trunkRegistered: new Gauge({
      name: "tandem_trunk_registered",
      help: "1: the trunk is registered, 0: it is to be and is not",
      labelNames: ["trunk"],
      registers,
    }),
    trunkTargetUp: new Gauge({
      name: "tandem_trunk_target_up",
      help: "1: the trunk's target answers, 0: it does not",
      labelNames: ["trunk", "target"],
      registers,
    }),
    trunkCalls: new Gauge({
      name: "tandem_trunk_calls",
      help: "Calls over the trunk now, in and out",
      labelNames: ["trunk"],
      registers,
    }),
    tickLateSeconds: new Histogram({
      name: "tandem_tick_late_seconds",
      help: "How late the 20 ms tick of a media process ran",
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
