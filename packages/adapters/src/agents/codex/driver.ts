/** Codex 0.169.0: one `codex app-server` for each CODEX_HOME, a thread of it for each session. */
import type { AgentDriver, BackendContext } from "@skein/sdk";
import { makeLink } from "./link.ts";
import { outside } from "./outside.ts";
import { probeCodex } from "./probe.ts";
import { placeOf } from "./process.ts";
import { makeServer, type Server } from "./server.ts";

export const makeCodexDriver = (): AgentDriver => {
  const servers = new Map<string, Server>();
  const serverOf = (backend: BackendContext): Server => {
    const { dir } = placeOf(backend);
    const key = `${backend.host.id} ${dir}`;
    const found = servers.get(key) ?? makeServer(backend);
    servers.set(key, found);
    found.use(backend);
    return found;
  };
  return {
    id: "codex",
    title: "Codex",
    program: "codex",
    vendor: "openai",
    envPrefixes: ["OPENAI_", "CODEX_"],
    capabilities: { steer: true, fork: true, resume: true, questions: true },
    interfaces: ["protocol"],
    probe: async (backend, signal) => {
      // A server that the last daemon left and that none of its sessions claims is found here, and ended after a while.
      const adopted = serverOf(backend).adopt();
      adopted.catch((error: unknown) =>
        backend.log("warn", "a running app-server of Codex cannot be reached", {
          error: String(error),
        }),
      );
      return probeCodex(backend, signal);
    },
    outside,
    open: (context) => makeLink(context, serverOf(context.backend)),
    forget: async (host) => {
      const there = [...servers].filter(([key]) => key.startsWith(`${host} `));
      for (const [key] of there) servers.delete(key);
      await Promise.all(there.map(([, server]) => server.close()));
    },
    close: async () => {
      await Promise.all([...servers.values()].map((server) => server.close()));
      servers.clear();
    },
  };
};
