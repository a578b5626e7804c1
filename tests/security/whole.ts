/** The whole daemon in a folder of its own, and the ways to ask it. */
import type { Reach, Scope } from "@skein/contract";
import { startDaemon, type Daemon } from "@skein/daemon";
import { askOf, type Answer, type Asked } from "./house.ts";

export type Whole = {
  readonly home: string;
  readonly port: number;
  readonly daemon: Daemon;
  ask(asked: Asked): Promise<Answer>;
  /** Over the unix socket, as the command line does. */
  local(
    method: string,
    path: string,
    body?: object,
  ): Promise<Record<string, never> & Record<string, unknown>>;
  token(
    scopes: readonly Scope[],
    label?: string,
    sessions?: Reach,
  ): Promise<{ id: string; secret: string }>;
  stop(): Promise<void>;
};

export const boot = async (home: string, port: number): Promise<Whole> => {
  const daemon = await startDaemon({
    home,
    version: "0.0.0-test",
    port,
    env: { PATH: process.env["PATH"] },
  });
  if ("alreadyRunning" in daemon) throw new Error("another daemon has this folder");
  const bound = Number(new URL(daemon.address).port);
  const ask = askOf(bound, daemon.socketPath);
  const local: Whole["local"] = async (method, path, body) => {
    const answer = await ask({
      method,
      path,
      unix: true,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
    return answer.json() as never;
  };
  return {
    home,
    port: bound,
    daemon,
    ask,
    local,
    token: async (scopes, label = "test", sessions = "all") => {
      const made = (await local("POST", "/api/tokens", { label, scopes, sessions })) as unknown as {
        token: { id: string };
        secret: string;
      };
      return { id: made.token.id, secret: made.secret };
    },
    stop: () => daemon.close(),
  };
};
