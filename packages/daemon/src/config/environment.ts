/** What an agent gets of the daemon's environment: an allow-list, never a deny-list. */

const names = new Set(["PATH", "HOME", "LANG", "LANGUAGE", "TERM", "COLORTERM", "TZ"]);
const prefixes = ["LC_"];

/**
 * PATH, HOME, locale, terminal type, the vendor's own variables, and what the configuration adds (which wins).
 * Nothing else: no NODE_OPTIONS, no LD_*, no GIT_*, none of Skein's own.
 */
export const agentEnvironment = (
  daemon: Readonly<Record<string, string | undefined>>,
  vendorPrefixes: readonly string[],
  added: Readonly<Record<string, string>>,
): Record<string, string> => {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(daemon)) {
    if (value === undefined) continue;
    const allowed =
      names.has(name) || [...prefixes, ...vendorPrefixes].some((prefix) => name.startsWith(prefix));
    if (allowed) env[name] = value;
  }
  return { ...env, ...added };
};
