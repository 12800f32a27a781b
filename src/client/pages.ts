/** A page of a list as the API gives it. */
export interface ListPage<Item> {
  readonly data: readonly Item[];
  /** Null: this was the last. */
  readonly next_cursor: string | null;
}

/** All items of a list, page after page: `for await (const call of everyItem((page) => client.listCalls(page)))`. */
export async function* everyItem<Item>(
  list: (page: { readonly limit: number; readonly cursor?: string }) => Promise<ListPage<Item>>,
  pageSize = 100,
): AsyncGenerator<Item> {
  let cursor: string | null | undefined;
  do {
    const page: ListPage<Item> = await list({ limit: pageSize, ...(cursor && { cursor }) });
    yield* page.data;
    cursor = page.next_cursor;
  } while (cursor !== null);
}
