import type { Voices } from "../service/webhooks/notices.ts";
import { agentcallVoice } from "./agentcall/voice.ts";
import { agentnumberVoice } from "./agentnumber/voice.ts";
import { nativeVoice } from "./native/voice.ts";

/** How each API tells its customers' webhooks of events; an API without a line here tells of none. */
export const voices: Voices = { agentcall: agentcallVoice, agentnumber: agentnumberVoice, native: nativeVoice };
