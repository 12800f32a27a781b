import type { Logger } from "../../../kit/log.ts";
import { createReceptionistMind } from "../local/receptionist-mind.ts";
import type { PipelineParts } from "../pipeline/parts.ts";
import type { AiSessionOptions } from "../session.ts";
import { createFliteVoice } from "./flite-voice.ts";
import { PocketSphinx } from "./pocketsphinx.ts";
import { createDeafEars, createPocketSphinxEars } from "./pocketsphinx-ears.ts";
import { findPocketSphinx, pocketSphinxPackages } from "./pocketsphinx-files.ts";

let shared: Promise<PocketSphinx | undefined> | undefined;

/** The process's recogniser, or undefined when PocketSphinx is not installed; says so in the log, once. */
export function sharedPocketSphinx(log: Logger): Promise<PocketSphinx | undefined> {
  shared ??= findPocketSphinx().then((installation) => {
    if (!installation) {
      log.warn(
        `local ears: PocketSphinx is not installed, callers can only use keys (apt-get install ${pocketSphinxPackages})`,
      );
      return undefined;
    }
    log.info(
      "local ears: PocketSphinx, English; good for short menus, poor for free speech, which needs a provider key",
    );
    return new PocketSphinx(installation);
  });
  return shared;
}

/**
 * The parts of a call without any provider: a scripted receptionist with flite's voice and, where installed,
 * PocketSphinx's ears.
 */
export function createLocalParts(given: {
  readonly options: AiSessionOptions;
  /** Of `sharedPocketSphinx`; undefined: keys only. */
  readonly recogniser: PocketSphinx | undefined;
  readonly log: Logger;
}): PipelineParts {
  const { options, recogniser, log } = given;
  const { legFormat } = options;
  const ears = recogniser ? createPocketSphinxEars(recogniser, legFormat) : createDeafEars(legFormat);
  if (!/^en\b/i.test(options.language)) {
    log.warn({ callId: options.callId }, "local parts: speak and understand English only");
  }
  log.info(
    { callId: options.callId, ears: recogniser ? "pocketsphinx" : "keys only", voice: "flite" },
    "local parts in use; a local agent's mind is a script, its instructions and tools need a provider key",
  );
  return {
    ears,
    mind: createReceptionistMind({ hasEars: recogniser !== undefined, people: options.transferNames }),
    voice: createFliteVoice(options.voice),
  };
}
