/** Pages of lists, as the services give them. */
export type { NumberedPage, NumberedPageRequest, Page, PageCursor, PageRequest } from "../store/page.ts";
