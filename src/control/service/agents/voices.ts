/** The voices an agent can have on calls. Public: nobody needs a key to choose one. */

/** A voice, in words that help to choose it. */
export interface Voice {
  readonly id: string;
  readonly name: string;
  /** Two or three adjectives. */
  readonly trait: string;
  readonly description: string;
  readonly bestFor: string;
}

export const voices = [
  {
    id: "marin",
    name: "Marin",
    trait: "soft, natural",
    description: "A soft, natural voice that sounds like somebody across the table.",
    bestFor: "Receptionists, support, conversations of small businesses",
  },
  {
    id: "cedar",
    name: "Cedar",
    trait: "warm, grounded",
    description: "A warm, grounded voice that takes its time.",
    bestFor: "Advice, health care, calls that build trust",
  },
  {
    id: "shimmer",
    name: "Shimmer",
    trait: "bright, energetic",
    description: "A bright, energetic voice; what agents speak with when nothing is said.",
    bestFor: "Front desks, bookings, everyday calls",
  },
  {
    id: "sage",
    name: "Sage",
    trait: "calm, authoritative, confident",
    description: "A calm voice that knows what it talks about.",
    bestFor: "Health care, finance, advice",
  },
  {
    id: "ash",
    name: "Ash",
    trait: "warm, conversational",
    description: "A warm voice that listens as much as it speaks.",
    bestFor: "Customer service, support lines",
  },
  {
    id: "ballad",
    name: "Ballad",
    trait: "expressive, melodic",
    description: "An expressive, melodic voice for those who tell a story.",
    bestFor: "Engaging calls, stories",
  },
  {
    id: "coral",
    name: "Coral",
    trait: "clear, professional",
    description: "A clear, professional voice that comes to the point.",
    bestFor: "Calls between businesses, sales",
  },
  {
    id: "echo",
    name: "Echo",
    trait: "resonant, deep",
    description: "A deep, resonant voice with weight.",
    bestFor: "Formal inquiries, executives' communication",
  },
  {
    id: "verse",
    name: "Verse",
    trait: "smooth, articulate",
    description: "A smooth, articulate voice for callers who expect much.",
    bestFor: "Premium and luxury services, executives' communication",
  },
  {
    id: "alloy",
    name: "Alloy",
    trait: "neutral, balanced",
    description: "A neutral, balanced voice that stays in the background.",
    bestFor: "Notifications, menus",
  },
] as const satisfies readonly Voice[];

export type VoiceId = (typeof voices)[number]["id"];

/**
 * Voices that clients of other services ask for, by name or by their 20-letter ids, and who speaks in their place. An id
 * that is not here has the provider's default voice, for no provider of ours would know it.
 */
const voicesElsewhere: Readonly<Record<string, VoiceId>> = {
  rachel: "shimmer",
  "21m00Tcm4TlvDq8ikWAM": "shimmer",
  bella: "coral",
  EXAVITQu4vr4xnSDxMaL: "coral",
  jessica: "marin",
  cgSgspJ2msm6clMCkdW9: "marin",
  domi: "sage",
  AZnzlk1XvdvUeBnXmlld: "sage",
  elli: "marin",
  MF3mGyEYCl7XYWbV9V6O: "marin",
  adam: "echo",
  pNInz6obpgDQGcFmaJgB: "echo",
  antoni: "ash",
  ErXwobaYiN019PkySvjV: "ash",
  josh: "cedar",
  TxGEqnHWrfWFTfGW9XjX: "cedar",
  arnold: "verse",
  VR6AewLTigWG4xSOukaG: "verse",
  sam: "ballad",
  yoZ06aMxZJJ28mfd3POQ: "ballad",
};

/** The voice a provider is asked for; undefined: its default. */
export function voiceOfCall(voice: string | null): string | undefined {
  if (voice === null) return undefined;
  if (Object.hasOwn(voicesElsewhere, voice)) return voicesElsewhere[voice];
  return /^[A-Za-z0-9]{20}$/.test(voice) ? undefined : voice;
}

/** What an agent of a number speaks with when nothing is said. */
export const defaultVoice: VoiceId = "shimmer";
