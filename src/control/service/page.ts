/** Pages of lists, as the services give them. */
export type { Page, PageCursor, PageRequest } from "../store/page.ts";
