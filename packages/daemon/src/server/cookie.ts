/** The one cookie of the house: set at login, cleared at logout. */

export const COOKIE_NAME = "skein_session";

/**
 * The value of a cookie; null when it is absent, or there twice (a neighbour on another port of this host can plant
 * a second one: neither is believed then).
 */
export const cookieNamed = (header: string, name: string): string | null => {
  let found: string | null = null;
  for (const part of header.split(";")) {
    const equals = part.indexOf("=");
    if (equals === -1 || part.slice(0, equals).trim() !== name) continue;
    if (found !== null) return null;
    found = part.slice(equals + 1).trim();
  }
  return found;
};

export const setCookie = (value: string, maxAgeMs: number): string =>
  `${COOKIE_NAME}=${value}; Path=/; Max-Age=${Math.floor(maxAgeMs / 1000)}; HttpOnly; SameSite=Strict`;

export const clearCookie = (): string =>
  `${COOKIE_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`;
