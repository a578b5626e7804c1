/**
 * The one guard before routing, for requests and upgrades alike. Pure: what it says depends on nothing but its
 * arguments, so that every row of its table can be tested. It decides who may speak at all and with which
 * credential; whether the credential is good is admission's, what it may do is the route's.
 *
 * Order: shape, Host, Origin, Sec-Fetch-Site, forwarding headers, method and content type, size, credential.
 */
import { LIMITS, problem, type ErrorCode, type Problem } from "@skein/contract";
import { cookieNamed } from "./cookie.ts";
import { hostKey, originKey, type Places } from "./places.ts";
import { terminalTarget } from "./terminals/target.ts";

export type Via = "tcp" | "unix";

export type GuardRequest = {
  readonly method: string;
  /** The request target as it came, undecoded. */
  readonly target: string;
  /** Every value of every header, names in lower case. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly via: Via;
  readonly upgrade: boolean;
};

export type Credential =
  | { readonly kind: "local" }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "cookie"; readonly value: string }
  | { readonly kind: "none" };

export type Admitted = {
  readonly ok: true;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** A page that anyone may see; no credential is looked at. */
  readonly open: boolean;
  readonly credential: Credential;
  /** A browser's own page speaks: its Origin was present and is ours. */
  readonly fromOwnPage: boolean;
};

export type Refused = {
  readonly ok: false;
  readonly status: number;
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
};

export type Verdict = Admitted | Refused;

/** What anyone may see: none of them tells anything about this daemon. */
const OPEN_PATHS: ReadonlySet<string> = new Set([
  "/",
  "/health",
  "/ready",
  "/login",
  "/openapi.json",
]);

/** A person may come to these by a link on another site. */
const PAGES: ReadonlySet<string> = new Set(["/", "/login"]);
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PATCH", "DELETE"]);
const MAX_TARGET_CHARS = 8_192;
/** Twice in one request, each could be read differently by different readers. */
const SINGLE = [
  "host",
  "origin",
  "authorization",
  "content-type",
  "content-length",
  "transfer-encoding",
  "cookie",
];
const FORWARDING = /^(?:x-forwarded-.*|forwarded|x-real-ip|x-client-ip|true-client-ip)$/;

export const refused = (
  status: number,
  code: ErrorCode,
  message: string,
  remedy: string,
  headers: Readonly<Record<string, string>> = {},
): Refused => ({ ok: false, status, problem: problem(code, message, remedy), headers });

const first = (request: GuardRequest, name: string): string | undefined =>
  request.headers[name]?.[0];

const shape = (request: GuardRequest): Refused | null => {
  const { target } = request;
  if (!target.startsWith("/") || target.length > MAX_TARGET_CHARS) {
    return refused(
      400,
      "invalid_input",
      "The request target is not a path.",
      "Ask for a path that begins with a slash and has at most 8192 characters.",
    );
  }
  const twice = SINGLE.find((name) => (request.headers[name]?.length ?? 0) > 1);
  if (twice !== undefined) {
    return refused(400, "invalid_input", `The header ${twice} came twice.`, "Send it once.");
  }
  const encoding = first(request, "transfer-encoding");
  return encoding === undefined || encoding.toLowerCase() === "chunked"
    ? null
    : refused(
        400,
        "invalid_input",
        "That transfer encoding is not understood here.",
        "Send a content-length, or the body in plain chunks.",
      );
};

const host = (request: GuardRequest, places: Places): Refused | null => {
  if (request.via === "unix") return null;
  const key = hostKey(first(request, "host") ?? "");
  if (key !== null && places.hosts.has(key)) return null;
  return refused(
    421,
    "forbidden",
    "This daemon does not answer under that host name.",
    "Use the address that `skein status` prints, or add the name to server.allowedHosts in the configuration.",
  );
};

/** null: none came. */
const origin = (request: GuardRequest, places: Places): boolean | Refused | null => {
  const value = first(request, "origin");
  if (value === undefined) return null;
  const key = originKey(value);
  if (request.via === "tcp" && key !== null && places.origins.has(key)) return true;
  return refused(
    403,
    "forbidden",
    "Pages of that origin may not speak to this daemon.",
    "Open the page that the daemon itself serves, or add its host to server.allowedHosts in the configuration.",
  );
};

const isNavigation = (request: GuardRequest, path: string): boolean =>
  PAGES.has(path) &&
  !request.upgrade &&
  request.method === "GET" &&
  first(request, "sec-fetch-mode") === "navigate" &&
  first(request, "sec-fetch-dest") === "document";

const fetchSite = (request: GuardRequest, path: string): Refused | null => {
  const site = first(request, "sec-fetch-site");
  if (site === undefined || site === "same-origin" || site === "none") return null;
  if (isNavigation(request, path)) return null;
  return refused(
    403,
    "forbidden",
    "Another site's page sent this request.",
    "Open the daemon's own page, or use a token from a program.",
  );
};

/** No peer is trusted to say who it speaks for; a proxy in front of the daemon would make strangers local. */
const forwarding = (request: GuardRequest): Refused | null =>
  Object.keys(request.headers).some((name) => FORWARDING.test(name))
    ? refused(
        403,
        "forbidden",
        "The request says that it was forwarded, and no proxy is trusted.",
        "Connect directly, or through `ssh -L`.",
      )
    : null;

const JSON_TYPE = /^application\/json(?:\s*;\s*charset=(?:"utf-8"|utf-8))?\s*$/i;

const hasBody = (request: GuardRequest): boolean =>
  request.headers["transfer-encoding"] !== undefined ||
  Number(first(request, "content-length") ?? "0") > 0;

/** A page of another site can send forms and plain text unasked, but never JSON: so every write must be JSON. */
const body = (request: GuardRequest, maxBytes: number): Refused | null => {
  const { method } = request;
  if (!METHODS.has(method)) {
    return refused(405, "invalid_input", "That method is not used here.", "See /openapi.json.", {
      allow: [...METHODS].join(", "),
    });
  }
  if (method !== "POST" && method !== "PATCH") {
    return hasBody(request)
      ? refused(
          400,
          "invalid_input",
          `A ${method} request has no body here.`,
          "Put its input into the query.",
        )
      : null;
  }
  if (!JSON_TYPE.test(first(request, "content-type") ?? "")) {
    return refused(
      415,
      "unsupported_media_type",
      "A write takes JSON only.",
      "Send the header content-type: application/json and a JSON object.",
    );
  }
  return Number(first(request, "content-length") ?? "0") > maxBytes
    ? refused(413, "payload_too_large", "The body is too large.", `Send at most ${maxBytes} bytes.`)
    : null;
};

const credential = (request: GuardRequest, cookieName: string): Credential => {
  const authorization = first(request, "authorization");
  // A credential that is presented is checked, on the unix socket too: it can only narrow what the caller may do.
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "";
    // Longer than any of ours: as wrong as an empty one.
    return { kind: "token", token: token.length > LIMITS.tokenChars ? "" : token };
  }
  if (request.via === "unix") return { kind: "local" };
  const value = cookieNamed(first(request, "cookie") ?? "", cookieName);
  return value === null ? { kind: "none" } : { kind: "cookie", value };
};

/**
 * A cookie comes along by itself, so it counts only when the daemon's own page sent it: its Origin says so, or, for
 * a read (where browsers send none), Sec-Fetch-Site, which no page can set.
 */
const cookieStands = (request: GuardRequest, fromOwnPage: boolean): boolean => {
  if (fromOwnPage) return true;
  const site = first(request, "sec-fetch-site");
  const reads = !request.upgrade && (request.method === "GET" || request.method === "HEAD");
  return reads && (site === "same-origin" || site === "none");
};

const noUpgrade = (path: string): Refused | null =>
  path === "/" || terminalTarget(path) !== null
    ? null
    : refused(404, "unknown_operation", "There is no socket at that path.", "Connect to /.");

export const guard = (
  request: GuardRequest,
  rules: { readonly places: Places; readonly maxBodyBytes: number; readonly cookieName: string },
): Verdict => {
  const misshapen = shape(request);
  if (misshapen !== null) return misshapen;
  const mark = request.target.indexOf("?");
  const path = mark === -1 ? request.target : request.target.slice(0, mark);
  const query = mark === -1 ? "" : request.target.slice(mark + 1);

  const wrongHost = host(request, rules.places);
  if (wrongHost !== null) return wrongHost;
  const own = origin(request, rules.places);
  if (own !== null && own !== true) return own as Refused;
  const stop =
    fetchSite(request, path) ??
    forwarding(request) ??
    body(request, rules.maxBodyBytes) ??
    (request.upgrade ? noUpgrade(path) : null);
  if (stop !== null) return stop;

  const open = !request.upgrade && OPEN_PATHS.has(path);
  const presented = open ? ({ kind: "none" } as const) : credential(request, rules.cookieName);
  if (presented.kind === "cookie" && !cookieStands(request, own === true)) {
    return refused(
      403,
      "forbidden",
      "A cookie counts only from the daemon's own page.",
      "Open the page again, or send a token in the header authorization: Bearer ….",
    );
  }
  return { ok: true, path, query, open, credential: presented, fromOwnPage: own === true };
};
