/** What an answering machine or a network's announcement says, as it is recognised: lower case, by language. */
const machinePhrases: Readonly<Record<string, readonly string[]>> = {
  en: [
    "leave a message",
    "leave me a message",
    "leave your message",
    "leave your name",
    "record your message",
    "voicemail",
    "voice mail",
    "voice message",
    "mailbox",
    "after the tone",
    "after the beep",
    "at the tone",
    "at the beep",
    "not available",
    "unavailable",
    "can't take your call",
    "cannot take your call",
    "can't come to the phone",
    "can't answer your call",
    "unable to take your call",
    "number you have dialed",
    "number you have dialled",
    "not in service",
    "call has been forwarded",
    "you've reached",
    "you have reached",
    "please hang up",
  ],
  de: [
    "nach dem signalton",
    "nach dem ton",
    "nach dem piep",
    "mailbox",
    "anrufbeantworter",
    "hinterlassen sie",
    "nicht erreichbar",
  ],
  fr: [
    "après le bip",
    "après le signal",
    "messagerie",
    "laissez un message",
    "laisser un message",
    "répondeur",
    "n'est pas disponible",
  ],
  es: [
    "después del tono",
    "después de la señal",
    "buzón de voz",
    "deje su mensaje",
    "deje un mensaje",
    "contestador",
    "no está disponible",
  ],
  it: [
    "dopo il segnale",
    "segreteria telefonica",
    "lasciate un messaggio",
    "lasci un messaggio",
    "non è raggiungibile",
    "non è disponibile",
  ],
  pt: [
    "após o sinal",
    "depois do sinal",
    "caixa postal",
    "correio de voz",
    "deixe seu recado",
    "deixe a sua mensagem",
    "deixe sua mensagem",
  ],
  nl: ["na de piep", "na de toon", "voicemail", "spreek een bericht in", "antwoordapparaat", "niet bereikbaar"],
};

/** What only a person says who has just picked up. */
const humanPhrases: readonly string[] = [
  "how can i help",
  "how may i help",
  "can i help you",
  "who is this",
  "who's this",
  "who's calling",
  "who is calling",
  "speaking, how",
];

const allMachinePhrases: readonly string[] = [...new Set(Object.values(machinePhrases).flat())];
/** Words looked at; a greeting gives itself away early. */
const maxChars = 600;

/** What the first words tell of who answered; undefined: nothing. A call may reach a network that speaks any language. */
export function weighAnswerWords(text: string): "human" | "machine" | undefined {
  const words = text.slice(0, maxChars).toLowerCase().replaceAll("’", "'").replace(/\s+/g, " ");
  if (allMachinePhrases.some((phrase) => words.includes(phrase))) return "machine";
  return humanPhrases.some((phrase) => words.includes(phrase)) ? "human" : undefined;
}
