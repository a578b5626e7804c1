/** `skein` with a small daemon of its own in place of the real one: what `up` does with a daemon can be tested alone. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { refuse } from "@skein/contract";
import type { LoadDaemon } from "../../packages/cli/src/daemon-door.ts";
import { runHere } from "../../packages/cli/src/run.ts";
import { backend } from "./fixtures.ts";
import { startStub } from "./stub-daemon.ts";
import { worldAnswers } from "./world.ts";

const loadDaemon: LoadDaemon = async () => ({
  startDaemon: async ({ home, port, env }) => {
    if (env["STUB_REFUSES"] !== undefined)
      throw refuse("storage_failed", "The database is newer than this program.", "Upgrade Skein.");
    if (env["STUB_DIES"] !== undefined) {
      process.stderr.write("out of memory\n");
      process.exit(9);
    }
    const about = join(home, "about.json");
    const address = `http://127.0.0.1:${port ?? 8765}`;
    try {
      // The lock: of several at once, one can make it.
      writeFileSync(about, JSON.stringify({ pid: process.pid, address }), { flag: "wx" });
    } catch {
      const { pid, address: at } = JSON.parse(readFileSync(about, "utf8")) as {
        pid: number;
        address: string;
      };
      return { alreadyRunning: { pid, address: at, home } };
    }
    // It holds the folder and does not listen yet; the others come meanwhile.
    if (env["STUB_SLOW"] !== undefined) await new Promise((resolve) => setTimeout(resolve, 300));
    const stopped = Promise.withResolvers<void>();
    const close = async () => {
      rmSync(about);
      await stub.close();
      stopped.resolve();
    };
    const stub = await startStub(
      {
        ...worldAnswers,
        "system.stop": () => {
          setImmediate(() => void close());
          return { stopping: true };
        },
      },
      home,
    );
    return {
      address,
      socketPath: stub.socketPath,
      loginUrl: `${address}/login#code`,
      backends: [
        backend(),
        backend({ id: "codex", found: false, remedy: "Install it: npm i -g @openai/codex" }),
      ],
      stopped: stopped.promise,
      close,
    };
  },
  checkConfig: (home) =>
    readFileSync(join(home, "config.json5"), "utf8").includes("prot")
      ? refuse("invalid_input", "prot is no setting in server.", "Did you mean port?").problem
      : null,
});

const [executable = "", script = "", ...words] = process.argv;
await runHere({ words, self: [executable, script], env: process.env, loadDaemon });
