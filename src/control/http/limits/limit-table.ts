import type { WindowAsk } from "./windows.ts";

/** Requests let through in any minute and in any hour. */
export interface RouteLimit {
  readonly perMinute?: number;
  readonly perHour?: number;
}

/** The same for everybody, or by the plan an organisation is on. */
export type LimitByPlan = RouteLimit | { readonly byPlan: Readonly<Record<"free" | "pro", RouteLimit>> };

/** What an API's documents say about limits. */
export interface LimitTable {
  /** All requests of an organisation together, those of limited routes too. */
  readonly global?: LimitByPlan;
  /** By route as the documents write it, without where the API is mounted: `GET /v1/calls/:id/transcript`. */
  readonly routes?: Readonly<Record<string, LimitByPlan>>;
}

/** A window without whose requests it counts. */
export type LimitWindow = Omit<WindowAsk, "subject">;

/** The windows of one route by plan; the same list twice when the plan makes no difference. */
export interface RouteWindows {
  readonly free: readonly LimitWindow[];
  readonly pro: readonly LimitWindow[];
}

/** The windows of a route (`POST /v1/calls`). `factor`: every limit times so many. */
export function windowsOfRoute(dialect: string, table: LimitTable, route: string, factor: number): RouteWindows {
  const ofRoute = table.routes?.[route];
  const forPlan = (plan: "free" | "pro"): LimitWindow[] => [
    ...windowsOf(`${dialect} ${route}`, limitOf(ofRoute, plan), factor),
    ...windowsOf(`${dialect} global`, limitOf(table.global, plan), factor),
  ];
  const pro = forPlan("pro");
  const dependsOnPlan = [ofRoute, table.global].some((one) => one !== undefined && "byPlan" in one);
  return { free: dependsOnPlan ? forPlan("free") : pro, pro };
}

function limitOf(limit: LimitByPlan | undefined, plan: "free" | "pro"): RouteLimit | undefined {
  return limit !== undefined && "byPlan" in limit ? limit.byPlan[plan] : limit;
}

function windowsOf(name: string, { perMinute, perHour }: RouteLimit = {}, factor: number): LimitWindow[] {
  const windows: LimitWindow[] = [];
  if (perMinute !== undefined) windows.push({ name, limit: perMinute * factor, windowMs: 60_000 });
  if (perHour !== undefined) windows.push({ name, limit: perHour * factor, windowMs: 3_600_000 });
  return windows;
}
