import type { Voices } from "../service/notices.ts";
import { nativeVoice } from "./native/voice.ts";

/** How each API tells its customers' webhooks of events; an API without a line here tells of none. */
export const voices: Voices = { native: nativeVoice };
