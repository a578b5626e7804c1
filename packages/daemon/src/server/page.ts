/** What a browser finds at `/`, until there is a web page: a few plain words, no script, nothing about this daemon. */
import { hash } from "node:crypto";
import { pagePolicy } from "./headers.ts";

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color:#222;background:#fff}code{background:#eee;padding:.1em .3em}@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}code{background:#333}a{color:#8bf}}";

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Skein</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Skein</h1>
<p>This is the daemon of Skein, the self-hosted control plane for AI agents. It runs.</p>
<p>Every operation is described in <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Programs come in with a
token (<code>skein token create</code>), the command line through its unix socket (<code>skein --help</code>).</p>
</body>
</html>
`;

export const page = {
  html,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": pagePolicy(hash("sha256", STYLE, "base64")),
  },
};
