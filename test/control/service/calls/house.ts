/** Services with an organisation that pays, its number with an agent that calls, and a call control that writes records. */
import { createCallCommands } from "../../../../src/control/service/calls/call-commands.ts";
import type { CallOrder, PlacedCall } from "../../../../src/control/service/calls/place-call.ts";
import type { Org, OrgSettings } from "../../../../src/control/service/orgs/orgs.ts";
import type { Tenant } from "../../../../src/control/service/tenant.ts";
import type { E164 } from "../../../../src/kit/ids.ts";
import type { EndCause } from "../../../../src/media/protocol.ts";
import { FakeCallControl, type TestServices, testServices } from "../../gateway.ts";

/** The number of the house; +1 212 is in the United States. */
export const ours = "+12125559123" as E164;

export interface CallHouse extends TestServices {
  readonly org: Org;
  readonly tenant: Tenant;
  readonly control: FakeCallControl;
  readonly numberId: string;
  place(order?: Partial<CallOrder>): Promise<PlacedCall>;
  /** Lets a call be answered, last so long and end. */
  talk(callId: string, durationMs: number, cause?: EndCause): Promise<void>;
}

/** A call that names its agent itself. */
export const plainOrder: CallOrder = {
  from: ours,
  to: "+14155550199",
  agent: { name: "Inline", instructions: "Be brief.", maxDurationMs: 600_000 },
  metadata: {},
  requestHash: "hash",
};

export async function callHouse(settings: Partial<OrgSettings> = {}, base?: TestServices): Promise<CallHouse> {
  const house = base ?? (await testServices());
  const { services, random, clock } = house;
  const org = await services.orgs.create({ name: "Acme", hasPaymentMethod: true, ...settings });
  const tenant = services.tenant(org.id);
  const control = new FakeCallControl(services, random);
  const commands = createCallCommands(tenant, control);
  const { id: numberId } = await tenant.numbers.create(ours, {});
  return {
    ...house,
    org,
    tenant,
    control,
    numberId,
    place: (order = {}) => commands.placeCall({ ...plainOrder, ...order }),
    talk: async (callId, durationMs, cause = "callee-hung-up") => {
      await services.callRecords.applyMediaEvent({ type: "call-started", callId, wallMs: clock.wall() });
      clock.ms += durationMs;
      await services.callRecords.endCall(callId as never, cause, "");
    },
  };
}
