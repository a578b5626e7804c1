/**
 * Who may speak to the gateway. Pure. It stands before the daemon's unix socket, where whoever brings no token may do
 * everything: so nothing is let through, and nothing of a request is passed on, without a token that the request brought.
 *
 * A page in a browser is never a client: what has an Origin, comes from another site or says it was forwarded is refused.
 */
import type { IncomingHttpHeaders } from "node:http";
import { LIMITS, problem, type Problem } from "@skein/contract";

type Asked = {
  readonly method: string;
  /** As it came, undecoded. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Every value that came, also those that Node would drop. */
  readonly authorizations: readonly string[];
};

type Entry =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly status: number; readonly problem: Problem };

const BROWSERS = /^(?:origin|sec-fetch-.*|x-forwarded-.*|forwarded|x-real-ip)$/;

const refused = (status: number, value: Problem): Entry => ({ ok: false, status, problem: value });

export const admit = ({ target, headers, authorizations }: Asked): Entry => {
  if (!target.startsWith("/"))
    return refused(
      400,
      problem("invalid_input", "The request target is no path.", "Ask for a path."),
    );
  if (Object.keys(headers).some((name) => BROWSERS.test(name)))
    return refused(
      403,
      problem(
        "forbidden",
        "The gateway is for programs in a sandbox, not for pages and proxies.",
        "Connect directly, without the headers that browsers and proxies add.",
      ),
    );
  const [authorization = "", second] = authorizations;
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
  if (token === undefined || second !== undefined || token.length > LIMITS.tokenChars)
    return refused(
      401,
      problem(
        "unauthenticated",
        "The gateway needs a token.",
        "On the host: skein token create sandbox --own --scope write. Give it to the sandbox as SKEIN_TOKEN.",
      ),
    );
  return { ok: true, token };
};
