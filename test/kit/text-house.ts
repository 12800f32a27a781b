/** Texts on a database of their own, with money, an outbox and an exchange that remember what they were told. */

import { onTestFinished } from "vitest";
import type { TextOutcome } from "../../src/control/exchange/text.ts";
import { alone } from "../../src/control/service/nodes.ts";
import type { TextDeps, TextNotice } from "../../src/control/service/texts/deps.ts";
import { OtpWaiters } from "../../src/control/service/texts/io/otp-waiters.ts";
import {
  createGatewayTexts,
  createTexts,
  type GatewayTexts,
  type Text,
  type Texts,
} from "../../src/control/service/texts/texts.ts";
import { openDatabase } from "../../src/control/store/database.ts";
import { GatewayError } from "../../src/kit/errors.ts";
import { type E164, firstOrgId, type OrgId } from "../../src/kit/ids.ts";
import { databaseOf, type TestServices, testServices } from "../control/gateway.ts";

/** Two numbers of the first organisation, one of another; nobody's. */
export const ours = "+15550111" as E164;
export const alsoOurs = "+15550112" as E164;
export const theirs = "+15550211" as E164;
export const nobodys = "+15550999" as E164;

export interface Charged {
  readonly orgId: OrgId;
  readonly item: string;
  readonly ref: string;
}

export interface TextHouse extends TestServices {
  readonly deps: TextDeps;
  readonly gateway: GatewayTexts;
  /** Id of the number `ours`. */
  readonly oursId: string;
  readonly otherOrgId: OrgId;
  /** The first organisation's texts, and the other one's. */
  readonly texts: Texts;
  readonly otherTexts: Texts;
  /** What money was asked for and not given back. */
  readonly charged: Charged[];
  /** Items that money refuses from now on. */
  readonly refused: Set<string>;
  readonly told: { readonly orgId: OrgId; readonly notice: TextNotice }[];
  /** Texts the exchange was given. */
  readonly carried: string[];
  /** "received hello", "sent …": what an organisation was told, in order. */
  toldTo(orgId: OrgId): string[];
  /** What is kept of an organisation, oldest first: "outbound delivered hello". */
  kept(texts: Texts): Promise<string[]>;
  settle(textId: string, outcome: TextOutcome): Promise<void>;
}

export async function textHouse(more: Partial<TextDeps> = {}): Promise<TextHouse> {
  const base = await testServices();
  const { services, clock, random, dataDir } = base;
  const { id: otherOrgId } = await services.orgs.create({ name: "Other" });
  const { id: oursId } = await services.tenant(firstOrgId).numbers.create(ours, {});
  await services.tenant(firstOrgId).numbers.create(alsoOurs, {});
  await services.tenant(otherOrgId).numbers.create(theirs, {});
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  onTestFinished(() => database.close());
  const charged: Charged[] = [];
  const refused = new Set<string>();
  const told: TextHouse["told"] = [];
  const carried: string[] = [];
  const refuse = (item: string) => {
    if (refused.has(item)) throw new GatewayError("forbidden", "no", undefined, { reason: "plan-limit-texts" });
  };
  const deps: TextDeps = {
    database,
    clock,
    random,
    otpWaiters: new OtpWaiters<Text>(),
    carrierOf: async () => undefined,
    nodes: alone,
    money: {
      charge: async (_db, orgId, { item, ref, alreadyDone }) => {
        if (!alreadyDone) refuse(item);
        charged.push({ orgId, item, ref });
        return 1;
      },
      refund: async (_db, _orgId, ref) => {
        const at = charged.findIndex((one) => one.ref === ref);
        if (at >= 0) charged.splice(at, 1);
      },
      checkPlan: async (_db, _orgId, what) => refuse(what),
    },
    outbox: {
      put: async (_db, orgId, notices) => {
        for (const notice of notices) told.push({ orgId, notice });
      },
    },
    ...more,
  };
  const gateway = createGatewayTexts(deps);
  await gateway.connect({ carry: (textId) => carried.push(textId) });
  return {
    ...base,
    deps,
    gateway,
    oursId,
    otherOrgId,
    texts: createTexts(deps, gateway, firstOrgId),
    otherTexts: createTexts(deps, gateway, otherOrgId),
    charged,
    refused,
    told,
    carried,
    toldTo: (orgId) =>
      told
        .filter((one) => one.orgId === orgId)
        .map(({ notice }) => `${notice.type} ${notice.type === "text.otp" ? notice.otp : notice.text.body}`),
    kept: async (texts) => {
      const { data } = await texts.list({}, { limit: 100, after: undefined });
      return data.toReversed().map(({ direction, status, body }) => `${direction} ${status} ${body}`);
    },
    settle: (textId, outcome) => gateway.records.settle(textId, outcome),
  };
}
