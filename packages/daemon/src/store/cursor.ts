/** Where a page ended: a number that orders, and an id that parts equals. Opaque outside; refused when it is none of ours. */
import { refuse } from "@skein/contract";

export const toCursor = (order: number, id: string): string => `${order}.${id}`;

/** Without a cursor: before the first, at `edge`. */
export const fromCursor = (
  cursor: string | undefined,
  edge: number,
): readonly [order: number, id: string] => {
  if (cursor === undefined) return [edge, ""];
  const dot = cursor.indexOf(".");
  const order = Number(cursor.slice(0, dot));
  if (dot < 1 || !Number.isSafeInteger(order))
    throw refuse(
      "invalid_input",
      `'${cursor}' is not a cursor of this list.`,
      "Use what the previous page gave as `next`, or none for the first page.",
    );
  return [order, cursor.slice(dot + 1)];
};
