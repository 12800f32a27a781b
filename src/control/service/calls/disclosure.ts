/** What a person is told first on a call that is recorded. */
export const recordingDisclosure = "This call may be recorded for quality.";

/** The first message of a recorded call: with the disclosure in front, unless it speaks of recording itself. */
export function withDisclosure(firstMessage: string | undefined): string {
  if (!firstMessage) return recordingDisclosure;
  return /\brecord(?:ed|ing|ings)?\b/i.test(firstMessage) ? firstMessage : `${recordingDisclosure} ${firstMessage}`;
}
