/** What programs over there say of their failures (LC_ALL=C). */

/** The newest line, without the program's name and the full stop. */
export const wordOf = (errors: string): string =>
  (errors.trim().split("\n").at(-1) ?? "").replace(/^[^:]{0,40}: /, "").replace(/\.$/, "") ||
  "it did not say why";

/** dash says nothing but `I/O error` of what its own words could not write, whatever the reason; the system's is `Input/output error`. */
export const isFull = (errors: string): boolean =>
  /No space left on device|Disk quota exceeded|Quota exceeded|: I\/O error/i.test(errors);
