/** Which terminal an upgrade asks for; null: none. */
type TerminalTarget = {
  readonly where: "terminal" | "session" | "task";
  readonly ref: string;
};

const PATHS = [
  ["terminal", /^\/api\/terminals\/([^/]+)$/],
  ["session", /^\/api\/sessions\/([^/]+)\/terminal$/],
  ["task", /^\/api\/tasks\/([^/]+)\/terminal$/],
] as const;

export const terminalTarget = (path: string): TerminalTarget | null => {
  for (const [where, pattern] of PATHS) {
    const found = pattern.exec(path)?.[1];
    if (found === undefined) continue;
    try {
      return { where, ref: decodeURIComponent(found) };
    } catch {
      return null;
    }
  }
  return null;
};
