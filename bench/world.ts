/** A throw-away state folder with a daemon in it, and everything taken away again. */
import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Input, OperationName, Output } from "@skein/contract";
import { makeClient, type Transport } from "@skein/client";
import { fakeClaudeCommand } from "@skein/sdk/testkit";
import { agentProcesses, untilTrue } from "../tests/scenarios/processes.ts";

export const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export type World = {
  readonly home: string;
  readonly folder: string;
  readonly address: string;
  readonly socketPath: string;
  readonly readyMs: number;
  readonly pid: number;
  call<N extends OperationName>(name: N, input: Input<N>): Promise<Output<N>>;
  /** Asks the daemon's process about itself. */
  ask<T>(question: string): Promise<T>;
  kill(): Promise<void>;
  close(): Promise<void>;
};

/** The scripted agent, in a home of its own. */
export const scripted = (home: string) => ({
  command: fakeClaudeCommand,
  env: { HOME: home, CLAUDE_CONFIG_DIR: join(home, "claude"), ANTHROPIC_API_KEY: "sk-dummy" },
});

/** `backends` as the configuration wants them; default: the scripted agent as Claude Code. */
export const makeHome = (backends?: object): string => {
  const home = mkdtempSync(join(tmpdir(), "skein-bench-"));
  for (const folder of ["work", "claude"]) mkdirSync(join(home, folder), { recursive: true });
  writeFileSync(
    join(home, "config.json5"),
    JSON.stringify({
      server: { port: 0 },
      backends: backends ?? { "claude-code": scripted(home) },
    }),
  );
  return home;
};

const answer = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as T));
    child.once("exit", (code) => reject(new Error(`the daemon ended with ${code}`)));
  });

/** The client's requests over a daemon's unix socket. */
const unixTransport =
  (socketPath: string): Transport =>
  ({ method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      const going = request(
        { socketPath, method, path, headers: { ...headers, host: "localhost" } },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (part: string) => (text += part));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
        },
      );
      going.on("error", reject).end(body ?? undefined);
    });

const caller = (socketPath: string): World["call"] => {
  const client = makeClient({ transport: unixTransport(socketPath) });
  return (name, input) => client.call(name, input);
};

/** Ends every session and waits until none of their processes is left: a daemon that is killed then leaves nothing behind. */
const endSessions = async (call: World["call"], home: string): Promise<void> => {
  const { sessions } = await call("sessions.list", { limit: 500 });
  for (const session of sessions) await call("sessions.delete", { session: session.id });
  await untilTrue("no agent is left", async () => (await agentProcesses(home)).length === 0);
};

/** The bench's hand on a daemon that someone else started on this home. */
export const attachWorld = (home: string) => ({
  folder: join(home, "work"),
  call: caller(join(home, "run", "skein.sock")),
  /** Ends the daemon with `end` and takes the home away. */
  close: async (end: () => Promise<void>): Promise<void> => {
    await endSessions(caller(join(home, "run", "skein.sock")), home);
    await end();
    rmSync(home, { recursive: true, force: true });
  },
});

/** Starts a daemon on a home; `keep`: the home stays when it is closed. */
export const openWorld = async (home = makeHome(), keep = false): Promise<World> => {
  const child = fork(here("daemon.ts"), [home], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ready = await answer<{ address: string; socketPath: string; readyMs: number }>(child);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const call = caller(ready.socketPath);
  return {
    home,
    folder: join(home, "work"),
    ...ready,
    pid: child.pid!,
    call,
    ask: <T>(question: string) => {
      const reply = answer<T>(child);
      child.send(question);
      return reply;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        await endSessions(call, home);
        child.kill("SIGTERM");
      }
      await gone;
      if (keep) return;
      // It outlives the daemon, as it shall; where there were no terminals there is none.
      spawnSync("tmux", ["-S", join(home, "run", "tmux"), "kill-server"], { stdio: "ignore" });
      rmSync(home, { recursive: true, force: true });
    },
  };
};
