import type { OrgId } from "../../kit/ids.ts";
import type { Agents } from "./agents/agents.ts";
import type { Calls } from "./calls/calls.ts";
import type { RecordingLinks } from "./calls/recording-links.ts";
import type { Billing } from "./money/billing.ts";
import type { Numbers } from "./numbers/numbers.ts";
import type { Dialect } from "./orgs/keys.ts";
import type { Org } from "./orgs/orgs.ts";
import type { Phones } from "./phones.ts";
import type { Texts } from "./texts/texts.ts";
import type { Trunks } from "./trunks.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";

/** Everything that is one organisation's: what belongs to another is not there. */
export interface Tenant {
  readonly orgId: OrgId;
  org(): Promise<Org>;
  readonly agents: Agents;
  readonly numbers: Numbers;
  readonly phones: Phones;
  readonly texts: Texts;
  readonly calls: Calls;
  readonly trunks: Trunks;
  readonly billing: Billing;
  /** Links to recordings of its calls. */
  readonly recordingLinks: Pick<RecordingLinks, "create">;
  /** The webhooks of one API. */
  webhooks(dialect: Dialect): Webhooks;
}
