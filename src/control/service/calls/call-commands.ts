import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, parseE164 } from "../../../kit/ids.ts";
import type { CarrierName } from "../../../media/protocol.ts";
import type {
  CallControl,
  Conference,
  ConferenceMember,
  StreamTicket,
  TransferRequest,
} from "../../calls/call-control.ts";
import type { Call } from "./kept-call.ts";
import { checkMetadata } from "./metadata.ts";
import { type CallOrder, createPlaceCall, type PlaceCallDeps, type PlacedCall } from "./place-call.ts";

/** What an API user can have done to calls. */
export interface CallCommands {
  /** Opens the way for a carrier's media stream to the agent of a number. */
  openStream(request: {
    carrier: CarrierName;
    to: string;
    from: string;
    metadata: Readonly<Record<string, string>>;
  }): Promise<StreamTicket>;
  /** Makes a call. */
  placeCall(order: CallOrder): Promise<PlacedCall>;
  hangUp(id: string): Promise<Call>;
  say(id: string, text: string): Promise<Call>;
  sendDtmf(id: string, digits: string): Promise<Call>;
  transfer(id: string, request: TransferRequest): Promise<Call>;
  decideTransfer(id: string, decision: "complete" | "cancel"): Promise<Call>;
  openConference(members: readonly ConferenceMember[]): Promise<Conference>;
  conference(id: string): Promise<Conference>;
  conferences(): Promise<readonly Conference[]>;
  joinConference(id: string, member: ConferenceMember): Promise<Conference>;
  leaveConference(id: string, callId: CallId): Promise<Conference>;
}

export function createCallCommands(tenant: Omit<PlaceCallDeps, "control">, control: CallControl): CallCommands {
  const { calls } = tenant;
  /** A conference is whose its calls are; there is none without one. */
  const isOurs = async ({ members }: Conference): Promise<boolean> => {
    const [first] = members;
    if (!first) return false;
    return calls.get(first.callId).then(
      () => true,
      () => false,
    );
  };
  const ours = async (conference: Conference): Promise<Conference> => {
    if (!(await isOurs(conference))) throw new GatewayError("not-found", "there is no such conference");
    return conference;
  };
  /** Looks the call up, so that an unknown or ended one is refused alike whatever call control remembers of it. */
  const open = async (id: string, command: (callId: CallId) => Promise<void>): Promise<Call> => {
    const call = await calls.get(id);
    if (call.status === "ended") throw new GatewayError("conflict", "this call has ended");
    await command(call.id);
    return calls.get(id);
  };
  return {
    openStream: async (request) => {
      const to = parseE164(request.to);
      if (!to) throw new GatewayError("invalid-request", "must be an E.164 number such as +15550100", "to");
      checkMetadata(request.metadata);
      return control.openStream({ ...request, orgId: tenant.orgId, to });
    },
    placeCall: createPlaceCall({ ...tenant, control }),
    hangUp: (id) => open(id, (callId) => control.hangUp(callId, "api-hung-up")),
    say: (id, text) => open(id, (callId) => control.say(callId, text)),
    sendDtmf: (id, digits) => open(id, (callId) => control.sendDtmf(callId, digits)),
    transfer: (id, request) => open(id, async (callId) => control.transfers.start(callId, request)),
    decideTransfer: (id, decision) => open(id, async (callId) => control.transfers.decide(callId, decision)),
    openConference: async (members) => {
      for (const { callId } of members) await open(callId, async () => undefined);
      return control.conferences.open(members);
    },
    conference: (id) => ours(control.conferences.get(id)),
    conferences: async () => {
      const all = control.conferences.list();
      const mine = await Promise.all(all.map(isOurs));
      return all.filter((_, n) => mine[n]);
    },
    joinConference: async (id, member) => {
      await ours(control.conferences.get(id));
      await open(member.callId, async () => undefined);
      return control.conferences.join(id, member);
    },
    leaveConference: async (id, callId) => {
      await ours(control.conferences.get(id));
      return control.conferences.leave(id, callId);
    },
  };
}
