import type { MountedDialect } from "../http/mounted-dialects.ts";

/** The vendors' APIs; order means nothing. A new one is a line here. */
export const mountedDialects: readonly MountedDialect[] = [];
