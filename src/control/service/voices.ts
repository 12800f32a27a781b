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

/** What an agent of a number speaks with when nothing is said. */
export const defaultVoice: VoiceId = "shimmer";

/** True for the id of a voice in the list. */
export function isVoice(text: string): text is VoiceId {
  return voices.some(({ id }) => id === text);
}
