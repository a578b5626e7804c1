/** Every row of a list that is read page by page, in its order. Who stops early reads no further. */
export async function* eachRow<T>(
  read: (page: { readonly cursor?: string }) => Promise<{
    readonly rows: readonly T[];
    readonly next: string | null;
  }>,
): AsyncGenerator<T> {
  let page = await read({});
  yield* page.rows;
  while (page.next !== null) {
    page = await read({ cursor: page.next });
    yield* page.rows;
  }
}
