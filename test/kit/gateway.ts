export type { Json, StartedGateway as TestGateway } from "../../bench/sim/gateway.ts";
export { eventually, startGateway, testKey } from "../../bench/sim/gateway.ts";
