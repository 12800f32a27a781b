import type { MountedDialect } from "../http/mounted-dialects.ts";
import { agentcallApi } from "./agentcall/index.ts";
import { agentnumberApi } from "./agentnumber/index.ts";
import { jagcallApi } from "./jagcall/index.ts";

/** The vendors' APIs; order means nothing. A new one is a line here. */
export const mountedDialects: readonly MountedDialect[] = [agentcallApi, agentnumberApi, jagcallApi];
