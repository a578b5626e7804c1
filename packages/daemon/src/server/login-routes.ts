/** `/login?code=`: a one-time code becomes a cookie and a clean URL. `/logout`: the cookie stands for nobody any more. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Address, Admission } from "./admission.ts";
import { entryAnswer, sendRefusal } from "./answer.ts";
import { COOKIE_NAME, clearCookie, cookieNamed, setCookie } from "./cookie.ts";
import { refused, type Admitted } from "./guard.ts";
import { JSON_TYPE, SECURITY_HEADERS } from "./headers.ts";
import type { Live } from "./live.ts";
import type { Logins } from "./login.ts";
import type { Limits, ServerClock } from "./settings.ts";

export type LoginDeps = {
  readonly admission: Admission;
  readonly logins: Logins;
  readonly live: Live;
  readonly clock: ServerClock;
  readonly limits: Limits;
};

const wrongMethod = refused(
  405,
  "invalid_input",
  "That method is not used here.",
  "Open the link in a browser.",
  { allow: "GET" },
);

const prefetched = refused(
  403,
  "forbidden",
  "A login link is not fetched ahead of time.",
  "Open the link.",
);

/** Only a real GET spends the code: a HEAD, a preview or a prefetch leaves it good. */
export const serveLogin = (
  deps: LoginDeps,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  admitted: Admitted,
  address: Address,
): void => {
  if (incoming.method !== "GET") return sendRefusal(incoming, outgoing, wrongMethod, deps.clock);
  if (incoming.headers["sec-purpose"] !== undefined || incoming.headers["purpose"] !== undefined) {
    return sendRefusal(incoming, outgoing, prefetched, deps.clock);
  }
  const code = new URLSearchParams(admitted.query).get("code") ?? "";
  const result = deps.admission.redeem(code, address);
  if (!("cookie" in result)) {
    return sendRefusal(incoming, outgoing, entryAnswer(result), deps.clock);
  }
  outgoing.writeHead(303, {
    ...SECURITY_HEADERS,
    location: "/",
    "set-cookie": setCookie(result.cookie, deps.limits.cookieMs),
    "content-length": 0,
  });
  outgoing.end();
};

/** Its live connections end too. Answers the same whether or not there was a login to end. */
export const serveLogout = (
  deps: LoginDeps,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void => {
  const cookie = cookieNamed(incoming.headers.cookie ?? "", COOKIE_NAME);
  const id = cookie === null ? null : deps.logins.end(cookie);
  if (id !== null) deps.live.disconnect(id);
  const body = JSON.stringify({ ok: true });
  outgoing.writeHead(200, {
    ...SECURITY_HEADERS,
    "set-cookie": clearCookie(),
    "content-type": JSON_TYPE,
    "content-length": Buffer.byteLength(body),
  });
  outgoing.end(body);
};
