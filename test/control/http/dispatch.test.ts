import { describe, expect, test } from "vitest";
import { dispatchUrl } from "../../../src/control/http/dispatch.ts";

const jagcall = "Bearer jc_live_0123456789abcdef";
const agentcall = "Bearer ac_live_0123456789abcdef";

describe("dispatch of shared paths", () => {
  test.each([
    ["a JagCall key", "/v1/calls", jagcall, "/jagcall/v1/calls"],
    ["an AgentCall key", "/v1/calls", agentcall, "/agentcall/v1/calls"],
    ["no key", "/v1/calls/voices", undefined, "/agentcall/v1/calls/voices"],
    ["an unknown key", "/v1/calls", "Bearer xx_live_1", "/agentcall/v1/calls"],
    ["another API's key", "/v1/calls", "Bearer an_live_1", "/agentcall/v1/calls"],
    ["a key in no scheme", "/v1/calls", "jc_live_1", "/agentcall/v1/calls"],
    ["a key in the wrong scheme", "/v1/calls", "Basic jc_live_1", "/agentcall/v1/calls"],
    ["any case of the scheme and more spaces", "/v1/calls", "bEaReR   jc_live_1", "/jagcall/v1/calls"],
    ["a key that has the prefix inside", "/v1/calls", "Bearer ac_live_jc_live_1", "/agentcall/v1/calls"],
  ])("key: %s", (_what, url, authorization, expected) => {
    expect(dispatchUrl(url, { authorization })).toBe(expected);
  });

  test.each([
    ["a query stays as it is", "/v1/calls?to=%2B1555//x&q=/v1/", "/jagcall/v1/calls?to=%2B1555//x&q=/v1/"],
    ["a query may hold a question mark", "/v1/calls?a=?b", "/jagcall/v1/calls?a=?b"],
    ["two slashes are one, wherever they stand", "//v1///calls//call_1", "/jagcall/v1/calls/call_1"],
    ["the root alone", "/v1", "/jagcall/v1"],
    ["the root with a query", "/v1?a=1", "/jagcall/v1?a=1"],
    ["the root with a slash", "/v1/", "/jagcall/v1/"],
    ["escapes are not touched", "/v1/calls/a%2Fb", "/jagcall/v1/calls/a%2Fb"],
    ["a whole URL", "http://gw.example.com/v1/calls?a=1", "/jagcall/v1/calls?a=1"],
    ["a whole URL without a path", "http://gw.example.com", "http://gw.example.com"],
    ["AgentNumber's path is its own", "/api/v0/numbers?limit=1", "/agentnumber/api/v0/numbers?limit=1"],
    ["AgentNumber's path with two slashes", "/api/v0//numbers", "/agentnumber/api/v0/numbers"],
    ["AgentCall's description", "/llms.txt", "/agentcall/llms.txt"],
    ["already mounted: the path decides, not the key", "/agentcall/v1/calls", "/agentcall/v1/calls"],
    ["already mounted, two slashes", "/agentcall//v1/calls?a=//", "/agentcall/v1/calls?a=//"],
    ["mounted twice", "/agentcall/v1/v1/calls", "/agentcall/v1/v1/calls"],
    ["the native API", "/api/v1/calls", "/api/v1/calls"],
    ["what only begins alike", "/v1x/calls", "/v1x/calls"],
    ["what only begins alike below /api", "/api/v01/calls", "/api/v01/calls"],
    ["a name that a mount begins", "/agentcalls/v1", "/agentcalls/v1"],
    ["two slashes elsewhere", "//healthz", "//healthz"],
    ["carriers' webhooks", "/carriers/twilio/voice?a=1", "/carriers/twilio/voice?a=1"],
    ["a path that climbs", "/v1/../api/v1/calls", "/jagcall/v1/../api/v1/calls"],
    ["the server itself", "*", "*"],
    ["nothing", "", ""],
  ])("path: %s", (_what, url, expected) => {
    expect(dispatchUrl(url, { authorization: jagcall })).toBe(expected);
  });
});
