/** What an agent gets of the daemon's environment: an allow-list, never a deny-list. */

const names = new Set(["PATH", "HOME", "LANG", "LANGUAGE", "TERM", "COLORTERM", "TZ"]);
const prefixes = ["LC_"];
/** What a person's shell has beyond that; its profile adds the rest. */
const personal = new Set([
  "SHELL",
  "USER",
  "LOGNAME",
  "SSH_AUTH_SOCK",
  "XDG_RUNTIME_DIR",
  "DBUS_SESSION_BUS_ADDRESS",
  "EDITOR",
  "VISUAL",
  "PAGER",
]);

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

/** For a login shell that a person opens. What shows it can draw all colours. */
export const shellEnvironment = (
  login: Readonly<Record<string, string | undefined>>,
): Record<string, string> => {
  const own = Object.entries(login).filter(
    (entry): entry is [string, string] => personal.has(entry[0]) && entry[1] !== undefined,
  );
  return { ...agentEnvironment(login, [], Object.fromEntries(own)), COLORTERM: "truecolor" };
};
