import { readFile, stat } from "node:fs/promises";
import { readMonoAt } from "../../../codecs/wav.ts";
import type { Logger } from "../../../kit/log.ts";
import { builtInMusic, type RoomSound, roomSound, shortestSoundMs } from "../room-sounds.ts";

/** Ten minutes of CD sound; what is longer is no hold music. */
const maxFileBytes = 110_000_000;

/** Reads hold music from a WAV, once a process; the built-in one where there is none, or none that can be read. */
export async function loadHoldMusic(path: string, log: Logger): Promise<RoomSound> {
  if (path === "") return builtInMusic;
  const problem = (why: string): RoomSound => {
    log.error({ path }, `the hold music of TANDEM_HOLD_MUSIC ${why}; the built-in one is played`);
    return builtInMusic;
  };
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) return problem("is too large");
    const file = await readFile(path);
    const [narrow, wide] = [readMonoAt(file, 8000), readMonoAt(file, 16000)];
    if (!(narrow instanceof Int16Array)) return problem(`cannot be used: ${narrow.fault}`);
    if (!(wide instanceof Int16Array)) return problem(`cannot be used: ${wide.fault}`);
    if (narrow.length < shortestSoundMs * 8) return problem("is too short");
    return roomSound((rateHz) => (rateHz === 8000 ? narrow : wide));
  } catch (error) {
    return problem(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
