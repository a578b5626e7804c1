#!/usr/bin/env node
/**
 * A fake `codex`, as much of 0.169.0 as the driver calls, without network: `--version`, `login status`, and `app-server`
 * on stdio or with `--listen unix://PATH`. Prompts are the script words of the fake LLM. SIGUSR2 ends all connections.
 */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeFakeServer, readLogin } from "./server.ts";
import { serveSocket, serveStdio } from "./transport.ts";

const [first = "", second = "", third = ""] = process.argv.slice(2);
const { CODEX_HOME, HOME = "/" } = process.env;
const home = CODEX_HOME ?? join(HOME, ".codex");

const fail = (message: string): never => {
  process.stderr.write(`Error: ${message}\n`);
  process.exit(1);
};

const checkHome = (): void => {
  if (CODEX_HOME === undefined) return void mkdirSync(home, { recursive: true });
  if (!statSync(home, { throwIfNoEntry: false })?.isDirectory())
    fail(`CODEX_HOME points to "${home}", but that path does not exist`);
};

const listen = async (path: string): Promise<void> => {
  const server = makeFakeServer(home, process.env);
  const socket = await serveSocket(server, path).catch((error: unknown) => fail(String(error)));
  process.on("SIGUSR2", () => socket.hangUp());
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      server.close();
      socket.close();
      process.exit(0);
    });
};

if (first === "--version") process.stdout.write("codex-cli 0.169.0\n");
else if (first === "login" && second === "status") {
  const loggedIn = readLogin(home).account !== null;
  process.stderr.write(loggedIn ? "API key configured - sk-fake-***00000\n" : "Not logged in\n");
  process.exitCode = loggedIn ? 0 : 1;
} else if (first === "app-server") {
  checkHome();
  if (second === "--listen") await listen(third.replace(/^unix:\/\//, ""));
  else {
    const server = makeFakeServer(home, process.env);
    await serveStdio(server, { input: process.stdin, output: process.stdout });
    server.close();
    process.exit(0);
  }
} else {
  process.stderr.write(`error: unrecognized subcommand '${first}'\n`);
  process.exitCode = 2;
}
