/** Who calls from a number by itself; independent of who answers it. */
import type { E164, OrgId } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import { type NumberRow, updateNumber } from "../../store/numbers.ts";
import { type SpokenLanguage, tagOf } from "../agents/spoken-language.ts";
import type { NumberDeps } from "./deps.ts";
import { writeOutboundExtra } from "./extras.ts";
import { checkAiCountry, defaultPersona } from "./inbound.ts";
import { forgetPersonas, type Persona, replacePersona } from "./personas.ts";

/** Whole outbound defaults; what is missing has its default, whatever was there before. */
export interface OutboundOrder {
  readonly persona: Persona & { readonly instructions: string };
  readonly language?: SpokenLanguage;
  readonly templateId?: string | null;
}

/** Replaces the outbound defaults; what answers the number stays. */
export async function setOutbound(
  db: Db,
  orgId: OrgId,
  number: NumberRow,
  order: OutboundOrder,
  deps: NumberDeps,
): Promise<void> {
  checkAiCountry(number.number as E164);
  await deps.money.checkPlan(db, orgId, "ai-outbound");
  if (order.persona.record === true) await deps.money.checkPlan(db, orgId, "recording");
  const { language = "auto", templateId = null } = order;
  const persona = { ...defaultPersona, ...order.persona, language: tagOf(language) };
  const id = await replacePersona(db, orgId, number, "outbound", persona, deps);
  await updateNumber(db, orgId, number.id, {
    outbound_agent_id: id,
    outbound_extra: writeOutboundExtra({ language, templateId }),
    updated_at: deps.clock.wall(),
  });
  await forgetPersonas(db, orgId, [number.outbound_agent_id]);
}

/** Removes them; no harm when there are none. */
export async function clearOutbound(db: Db, orgId: OrgId, number: NumberRow, deps: NumberDeps): Promise<void> {
  await updateNumber(db, orgId, number.id, {
    outbound_agent_id: null,
    outbound_extra: null,
    updated_at: deps.clock.wall(),
  });
  await forgetPersonas(db, orgId, [number.outbound_agent_id]);
}
