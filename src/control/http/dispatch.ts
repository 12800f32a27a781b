/** Which public API a request on a shared path is for: the key in it decides. */
import type { IncomingHttpHeaders } from "node:http";

/** Where each API is mounted; clients that cannot be told apart by their keys use these paths. */
export const mounts = { jagcall: "/jagcall", agentcall: "/agentcall", agentnumber: "/agentnumber" } as const;

/**
 * The path a request is routed by: `/v1/…` goes to the API its key belongs to (AgentCall without one), `/api/v0/…` to
 * AgentNumber, `/llms.txt` to AgentCall. All other paths, those already mounted too, stay as they are.
 */
export function dispatchUrl(url: string, headers: IncomingHttpHeaders): string {
  const [path, query] = split(url);
  if (isBelow(path, "/v1")) {
    return `${isJagCallKey(headers.authorization) ? mounts.jagcall : mounts.agentcall}${path}${query}`;
  }
  if (isBelow(path, "/api/v0")) return `${mounts.agentnumber}${path}${query}`;
  if (path === "/llms.txt") return `${mounts.agentcall}${path}${query}`;
  return Object.values(mounts).some((mount) => isBelow(path, mount)) ? path + query : url;
}

/**
 * Path and query. Base URLs end in a slash and paths begin with one, so that clients put two together: one is meant. A
 * proxy may be sent a whole URL (RFC 9112 §3.2.2), whose path counts.
 */
function split(url: string): readonly [path: string, query: string] {
  const start = url.startsWith("/") ? 0 : (/^https?:\/\/[^/?#]*/i.exec(url)?.[0].length ?? 0);
  const mark = url.indexOf("?", start);
  const end = mark < 0 ? url.length : mark;
  const path = url.slice(start, end);
  return [path.includes("//") ? path.replace(/\/{2,}/g, "/") : path, url.slice(end)];
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(root) && (path.length === root.length || path[root.length] === "/");
}

function isJagCallKey(authorization: string | undefined): boolean {
  return authorization !== undefined && /^bearer +jc_live_/i.test(authorization);
}
