/**
 * `npm run trial`: the real Claude Code and Codex against a model that answers in scripted words. No account, no key, no
 * network. Everything of it lies in one folder, which can be removed when nobody needs it any more.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { claudeEnv, codexEnv, makeFakeLlm, writeCodexHome } from "@skein/sdk/testkit";
import { installRealAgents } from "../tests/agents/install.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, ".cache", "trial"));
const home = join(folder, "state");
const work = join(folder, "work");
const port = 18_080;

for (const dir of [home, work, join(folder, "claude"), join(folder, "codex")]) {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}

const programs = await installRealAgents();
const llm = await makeFakeLlm({ port });
await writeCodexHome({
  dir: join(folder, "codex"),
  url: llm.url,
  features: { default_mode_request_user_input: true },
});

const config = join(home, "config.json5");
if (!existsSync(config)) {
  const backends = {
    "claude-code": {
      command: programs.claude,
      env: { HOME: folder, ...claudeEnv({ configDir: join(folder, "claude"), url: llm.url }) },
    },
    codex: {
      command: programs.codex,
      env: { HOME: folder, ...codexEnv({ home: join(folder, "codex") }) },
    },
  };
  writeFileSync(config, `${JSON.stringify({ backends }, null, 2)}\n`, { mode: 0o600 });
}

console.log(`The model that answers in scripted words listens on ${llm.url}.
In another shell:

  export SKEIN_HOME=${home}
  ./skein create -p ${work} --name one
  ./skein ask one PONG
`);

/** Ends with the daemon; one that was killed is followed by the next, and the model goes on answering the agents meanwhile. */
const run = (): void => {
  // Called as people call it here, so that what it tells them to type is `./skein`.
  const daemon = spawn("./skein", ["up"], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, SKEIN_HOME: home },
  });
  const pass = (signal: NodeJS.Signals): void => void daemon.kill(signal);
  process.on("SIGINT", pass).on("SIGTERM", pass);
  daemon.on("exit", (code, signal) => {
    process.off("SIGINT", pass).off("SIGTERM", pass);
    if (signal === "SIGKILL") {
      console.log("\nThe daemon was killed; its agents go on. Here is the next one:\n");
      run();
      return;
    }
    void llm.close().then(() => process.exit(code ?? 1));
  });
};

run();
