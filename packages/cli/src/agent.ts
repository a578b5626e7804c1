/** The short names that people use for agents. */
export const backendOf = (agent: string): string => (agent === "claude" ? "claude-code" : agent);
