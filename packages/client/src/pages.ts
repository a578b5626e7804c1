/** All of a list that the daemon gives page by page, with a bound: a list that never ends is an error, not a loop. */
import { LIMITS } from "@skein/contract/light";

const MOST_PAGES = 20_000;

/** Rejects with whatever a page was refused with. `fetch` gets the page's size and, but for the first, where it begins. */
export const allPages = async <P extends { readonly next: string | null }, T>(
  fetch: (page: { limit: number; cursor?: string }) => Promise<P>,
  rows: (page: P) => readonly T[],
): Promise<T[]> => {
  const all: T[] = [];
  let cursor: string | null = null;
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const page: P = await fetch({ limit: LIMITS.pageMax, ...(cursor === null ? {} : { cursor }) });
    all.push(...rows(page));
    cursor = page.next;
    if (cursor === null) return all;
  }
  throw new Error(`a list with more than ${MOST_PAGES} pages`);
};
