/** HTTP by the platform's own fetch: browsers and node. */
import type { Transport } from "./transport.ts";

/** `token` is absent in a browser that has logged in: its cookie goes along by itself. */
export const fetchTransport = (options: {
  readonly baseUrl: string;
  readonly token?: string;
}): Transport => {
  const base = options.baseUrl.replace(/\/+$/, "");
  const authorization =
    options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  return async ({ method, path, headers, body, signal }) => {
    const response = await fetch(base + path, {
      method,
      headers: { ...headers, ...authorization },
      credentials: "same-origin",
      // Skein never sends anyone elsewhere: a redirect would carry the token to a stranger.
      redirect: "error",
      cache: "no-store",
      ...(body === null ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: response.status, body: response.body ?? "" };
  };
};
