/** The parrot's words (1.0.0), as it writes and reads them. Shapes and no sense. */
export type Word =
  | { readonly word: "ready"; readonly pid: number }
  | { readonly word: "took"; readonly turn: string }
  | { readonly word: "said"; readonly turn: string; readonly text: string }
  | { readonly word: "done"; readonly turn: string; readonly how: string };

/** null: no word that this driver knows; a later version may have more. */
export const readWord = (line: string): Word | null => {
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { ready, took, said: turn, done, text, how } = said;
  if (typeof ready === "number") return { word: "ready", pid: ready };
  if (typeof took === "string") return { word: "took", turn: took };
  if (typeof turn === "string") return { word: "said", turn, text: String(text) };
  return typeof done === "string" ? { word: "done", turn: done, how: String(how) } : null;
};

export const promptLine = (turn: string, text: string): string => JSON.stringify({ turn, text });
export const stopLine = (turn: string): string => JSON.stringify({ stop: turn });
