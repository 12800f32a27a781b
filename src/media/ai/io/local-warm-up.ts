import { ClauseSplitter } from "../clauses.ts";
import { Receptionist } from "../local/receptionist.ts";
import { defaultFliteVoice, type Flite, sharedFlite } from "./flite-voice.ts";

/**
 * Speaks the receptionist's greeting into flite's memory, so that the first caller of a process hears it at once
 * instead of after the start of the thread. Resolves when it is done; a failure shows again at the first call.
 */
export async function warmUpReceptionist(hasEars: boolean, flite: Flite = sharedFlite()): Promise<void> {
  const greeting = new Receptionist({ hasEars }).handle({ type: "call-answered" });
  const splitter = new ClauseSplitter({ language: "en" });
  const { signal } = new AbortController();
  for (const clause of [...splitter.push(greeting.text), ...splitter.flush()]) {
    await flite.speak(clause, defaultFliteVoice, signal).catch(() => undefined);
  }
}
