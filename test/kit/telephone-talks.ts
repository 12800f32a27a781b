/** What telephones at our exchange do with each other before a test looks. */
import type { CallId } from "../../src/kit/ids.ts";
import type { CallExchange } from "./call-exchange.ts";
import { eventually } from "./gateway.ts";
import type { Telephone, TelephoneLine } from "./telephone.ts";

/** Both lines and both calls of two telephones that talk. */
export interface JoinedTelephones {
  readonly calling: TelephoneLine;
  readonly called: TelephoneLine;
  readonly caller: CallId;
  readonly callee: CallId;
}

/** One telephone calls another and they talk. */
export async function joined(exchange: CallExchange, from: Telephone, to: Telephone): Promise<JoinedTelephones> {
  const before = exchange.created.length;
  const calling = from.call(to.name);
  const called = await to.rings(to.incoming.length);
  called.answer();
  await calling.until("answered");
  const [caller, callee] = exchange.created.slice(before).map(({ callId }) => callId);
  if (!caller || !callee) throw new Error("there are not two calls");
  await exchange.talks(caller);
  await exchange.talks(callee);
  return { calling, called, caller, callee };
}

/** Resolves when a transfer has come to its end: what the transferor was told. */
export function told(line: TelephoneLine): Promise<string> {
  return eventually("the transfer is over", () => (line.transfer().endsWith("!") ? line.transfer() : undefined), 3000);
}

/** Resolves when a call's media go to a telephone. */
export function mediaAt(exchange: CallExchange, callId: CallId, { rtpPort }: Telephone): Promise<true> {
  return eventually(
    "the media have moved",
    () => (exchange.remotePorts(callId).at(-1) === rtpPort ? true : undefined),
    3000,
  );
}
