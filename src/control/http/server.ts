import formbody from "@fastify/formbody";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import type { Clock } from "../../kit/clock.ts";
import { GatewayError } from "../../kit/errors.ts";
import { parseCallId } from "../../kit/ids.ts";
import type { Logger } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { CallControl } from "../calls/call-control.ts";
import { twilioTextWebhook } from "../carriers/twilio-text-webhook.ts";
import { twilioVoiceWebhook } from "../carriers/twilio-voice-webhook.ts";
import { mountedDialects } from "../dialects/mounted.ts";
import { answer } from "../dialects/native/errors.ts";
import { nativeApi } from "../dialects/native/index.ts";
import { type CallCommands, createCallCommands } from "../service/calls/call-commands.ts";
import type { Services } from "../service/services.ts";
import type { Tenant } from "../service/tenant.ts";
import { defaultRateLimits, type House, type RateLimits, scaleRateLimits } from "./auth.ts";
import { answerOutsideRoutes, sendRefusal } from "./dialect-scope.ts";
import { dispatchUrl } from "./dispatch.ts";
import { defaultEventStreamOptions, type EventStreamOptions, EventStreams } from "./event-stream.ts";
import { createMemoryLimiter, type RateLimiter } from "./limits/limiter.ts";
import { type MountedDialect, mountDialects } from "./mounted-dialects.ts";
import { operatorRoutes } from "./operator-routes.ts";
import { paymentPageRoutes } from "./payment-page.ts";
import { recordingRoute } from "./recording-route.ts";
import { keepRouteBook } from "./route-book.ts";
import { defaultSipWebSocketOptions, type SipWebSocketDesk, SipWebSockets } from "./sip-web-socket.ts";
import { compileSchema } from "./validation.ts";

/** The settings this side needs. */
export interface HttpServerConfig {
  /** Origin that carriers and customers see; no slash at the end. */
  readonly publicUrl: string;
  /** "": the Twilio webhook answers 503. */
  readonly twilioAuthToken: string;
  /** Web origins whose pages may open SIP over WebSocket; empty: our own. */
  readonly sipWsOrigins?: readonly string[];
  /** Proxies that are believed when they say who comes. */
  readonly trustedProxies?: readonly string[];
  /** Rate limits are so many times as high; 0: there are none, but for those who guess keys. */
  readonly rateLimitFactor?: number;
}

export interface HttpServerDeps {
  readonly services: Services;
  readonly calls: CallControl;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly config: HttpServerConfig;
  readonly rateLimits?: RateLimits;
  /** Undefined: counts in this process. */
  readonly limiter?: RateLimiter;
  /** The vendors' APIs; undefined: all there are. */
  readonly dialects?: readonly MountedDialect[];
  readonly eventStreams?: EventStreamOptions;
  /** Takes SIP over WebSocket at `/sip`; gives nobody until the exchange is open. */
  readonly sipDesk?: () => SipWebSocketDesk | undefined;
}

/** Largest body of a request, unless its route says less. */
const maxBodyBytes = 1_048_576;

const securityHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
} as const;

/** The HTTP side of the gateway: native API, carriers' webhooks, recordings, operator's pages. Not listening yet. */
export function createHttpServer(deps: HttpServerDeps): FastifyInstance {
  const { services, calls: callControl, metrics, log, clock } = deps;
  const { publicUrl, twilioAuthToken, trustedProxies: proxies = [], rateLimitFactor = 1 } = deps.config;
  const { dialects = mountedDialects, limiter = createMemoryLimiter(clock) } = deps;
  const headers = {
    ...securityHeaders,
    ...(publicUrl.startsWith("https:") && { "strict-transport-security": "max-age=31536000" }),
  };
  const answerOutside = answerOutsideRoutes(dialects, answer);
  const app = Fastify({
    logger: false, // one line a request is written below, with the call's id
    bodyLimit: maxBodyBytes,
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 128 },
    rewriteUrl: ({ url = "/", headers }) => dispatchUrl(url, headers),
    frameworkErrors: (error, request, reply) => answerOutside(error, request, reply.headers(headers)),
    // Limits by address are for whoever asks, not for the proxy that stands before us.
    trustProxy: proxies.length > 0 ? [...proxies] : false,
  });
  // No line of a request can hold a secret, so none is looked for: that would be half of what the line costs.
  const requestLog = log.child({}, { redact: [] });
  const streams = new EventStreams(services.feed, deps.eventStreams ?? defaultEventStreamOptions);
  keepRouteBook(app);
  app.decorateRequest("apiKey", null);
  app.decorateRequest("tenant");
  app.decorateRequest("commands");
  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(compileSchema);
  // Answers are typed where they are made; a second, lossy description of them at run time would only hide mistakes.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { url: route, config } = request.routeOptions;
    const line = {
      method: request.method,
      route: route ?? "unknown",
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      keyId: request.apiKey?.id,
      callId: callIdOf(request),
    };
    if (config?.quiet) requestLog.debug(line, "request");
    else requestLog.info(line, "request");
    done();
  });
  app.addHook("preClose", async () => streams.closeAll());
  app.addHook("preClose", async () => services.texts.stopWaiting());
  if (deps.sipDesk !== undefined) {
    const { sipWsOrigins: origins = [] } = deps.config;
    const options = { ...defaultSipWebSocketOptions, publicUrl, origins, proxies };
    const sockets = new SipWebSockets(app.server, deps.sipDesk, options);
    app.addHook("preClose", () => sockets.close());
  }
  const failed = (error: unknown, request: FastifyRequest): void => {
    metrics.errors.inc({ kind: "http" });
    log.error({ err: error, route: request.routeOptions.url, callId: callIdOf(request) }, "request failed");
  };
  // What belongs to no dialect (recordings, webhooks) answers in the native API's words.
  app.setErrorHandler<Error>((error, request, reply) => {
    if (sendRefusal(error, reply, answer).ours) failed(error, request);
  });
  app.setNotFoundHandler(() => {
    throw new GatewayError("not-found", "there is nothing here");
  });
  operatorRoutes(app, { services, callControl, metrics, log });
  recordingRoute(app, services);
  const house = openHouse(services, callControl);
  const rateLimits = scaleRateLimits(deps.rateLimits ?? defaultRateLimits, rateLimitFactor);
  mountDialects(app, dialects, { house, clock, rateLimits, limiter, limitFactor: rateLimitFactor, failed });
  app.register(nativeApi, {
    prefix: "/api/v1",
    services,
    house,
    sources: callControl,
    streams,
    clock,
    rateLimits,
  });
  const { paymentPage } = services;
  if (paymentPage) app.register((scope) => paymentPageRoutes(scope, paymentPage));
  app.register(async (scope) => {
    // Forms keep their repeated fields: a carrier's signature covers each of them.
    await scope.register(formbody, { parser: (text) => ({ fields: [...new URLSearchParams(text)] }) });
    const twilio = { metrics, log, publicUrl, authToken: twilioAuthToken };
    twilioVoiceWebhook(scope, { ...twilio, callControl });
    twilioTextWebhook(scope, { ...twilio, receiveText: (text) => services.texts.receive(text) });
  });
  return app;
}

/** What is behind each key. */
function openHouse(services: Services, callControl: CallControl): House {
  const known = new WeakMap<Tenant, CallCommands>();
  return {
    keys: services.keys,
    enter: (orgId) => {
      const tenant = services.tenant(orgId);
      let commands = known.get(tenant);
      if (!commands) {
        commands = createCallCommands(tenant, callControl);
        known.set(tenant, commands);
      }
      return { tenant, commands };
    },
  };
}

/** The call a request is about, for the log; undefined when it is about none. */
function callIdOf(request: FastifyRequest): string | undefined {
  const { id, callId } = (request.params ?? {}) as { id?: string; callId?: string };
  return parseCallId(callId ?? id ?? "");
}
