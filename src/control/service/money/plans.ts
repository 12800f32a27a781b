/** What a plan allows; pure. */
import { GatewayError, type RefusalReason } from "../../../kit/errors.ts";
import type { Item } from "./items.ts";

/** What an organisation has signed up for. */
export type PlanName = "free" | "pro";

/** The most a plan allows; counts are of a calendar month (UTC), numbers of what is owned at once. */
export interface PlanLimits {
  readonly numbers: number;
  /** Other numbers than local ones. */
  readonly otherNumbers: boolean;
  readonly texts: number;
  readonly voiceMs: number;
  readonly inboundAiMs: number;
  readonly otps: number;
  readonly outboundAi: boolean;
  readonly recording: boolean;
}

export const plans = {
  free: {
    numbers: 1,
    otherNumbers: false,
    texts: 10,
    voiceMs: 5 * 60_000,
    inboundAiMs: 5 * 60_000,
    otps: 5,
    outboundAi: false,
    recording: false,
  },
  pro: {
    numbers: Infinity,
    otherNumbers: true,
    texts: Infinity,
    voiceMs: Infinity,
    inboundAiMs: Infinity,
    otps: Infinity,
    outboundAi: true,
    recording: true,
  },
} as const satisfies Record<PlanName, PlanLimits>;

/** A call that would be cut off sooner than this is not begun. */
export const leastCallMs = 10_000;

/** What can be asked of a plan before it is tried. */
export type PlanQuestion = "buy-number" | "send-text" | "voice" | "ai-outbound" | "ai-inbound" | "otp" | "recording";

/** What a plan's monthly allowances are counted in. */
export type Allowance = "texts" | "voiceMs" | "inboundAiMs" | "otps";

/** The allowance an item draws on; undefined: none. */
export function allowanceOf(item: Item): Allowance | undefined {
  switch (item) {
    case "text.outbound":
      return "texts";
    case "voice.outbound":
    case "voice.inbound":
      return "voiceMs";
    case "ai.inbound":
    case "ai.inbound.byok":
      return "inboundAiMs";
    case "otp":
      return "otps";
    case "number.local":
    case "number.tollfree":
    case "number.mobile":
    case "text.inbound":
    case "ai.outbound":
    case "recording":
      return undefined;
  }
}

const reasons = {
  texts: "plan-limit-texts",
  voiceMs: "plan-limit-voice",
  inboundAiMs: "plan-limit-inbound-ai",
  otps: "plan-limit-otp",
} as const satisfies Record<Allowance, RefusalReason>;

/** The refusal of somebody whose plan does not reach; `upgradeUrl` undefined: nobody can change the plan by a page. */
export function planRefusal(reason: RefusalReason, upgradeUrl: string | undefined): GatewayError {
  const message = messages[reason] ?? "the plan does not allow this; change to Pro";
  return new GatewayError("forbidden", message, undefined, { reason, links: upgradeUrl ? { upgradeUrl } : {} });
}

/** The refusal of what is beyond an allowance. */
export function allowanceRefusal(allowance: Allowance, upgradeUrl: string | undefined): GatewayError {
  return planRefusal(reasons[allowance], upgradeUrl);
}

const messages: Readonly<Partial<Record<RefusalReason, string>>> = {
  "plan-limit-numbers": "the Free plan has one local number; change to Pro for more",
  "plan-limit-texts": "the Free plan's 10 texts of this month are used up; change to Pro or wait for the 1st (UTC)",
  "plan-limit-voice":
    "the Free plan's 5 voice minutes of this month are used up; change to Pro or wait for the 1st (UTC)",
  "plan-limit-inbound-ai":
    "the Free plan's 5 inbound AI minutes of this month are used up; change to Pro or wait for the 1st (UTC)",
  "plan-limit-otp":
    "the Free plan's 5 one-time codes of this month are used up; change to Pro or wait for the 1st (UTC)",
  "plan-limit-voice-ai": "outbound AI calls need the Pro plan",
  "plan-limit-recording": "recording calls needs the Pro plan",
};

/** Refuses an item that the plan does not have at all. */
export function refuseItem(limits: PlanLimits, item: Item, upgradeUrl: () => string | undefined): void {
  if (item === "ai.outbound" && !limits.outboundAi) throw planRefusal("plan-limit-voice-ai", upgradeUrl());
  if (item === "recording" && !limits.recording) throw planRefusal("plan-limit-recording", upgradeUrl());
  if ((item === "number.tollfree" || item === "number.mobile") && !limits.otherNumbers) {
    throw planRefusal("plan-limit-numbers", upgradeUrl());
  }
}
