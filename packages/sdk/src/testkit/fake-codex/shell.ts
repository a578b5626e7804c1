/**
 * Commands of a fake Codex. Each is a group of its own; an interrupted turn does not end them (as in 0.169.0), `clean`
 * and the end of the server do. There is no real sandbox: what looks like writing where it may not, is not run.
 */
import { spawn } from "node:child_process";
import { isAbsolute, relative } from "node:path";

export type Sandbox = "read-only" | "workspace-write" | "danger-full-access";

export type Ran = { readonly output: string; readonly exitCode: number };

const writes = /(^|[;&|\s])(touch|rm|mv|cp|mkdir|tee|ln|chmod)\s|>/;
const absolute = /(?:^|[\s=>"'])(\/[^\s"';|&]*)/g;

const isInside = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
};

export const mayWriteFile = (sandbox: Sandbox, folder: string, path: string): boolean =>
  sandbox === "danger-full-access" || (sandbox === "workspace-write" && isInside(folder, path));

export const mayRun = (sandbox: Sandbox, folder: string, command: string): boolean => {
  if (sandbox === "danger-full-access" || !writes.test(command)) return true;
  if (sandbox === "read-only") return false;
  return [...command.matchAll(absolute)].every(([, path = ""]) => isInside(folder, path));
};

export const stopped: Ran = { output: "Read-only file system", exitCode: 1 };

export const makeShell = (env: Readonly<Record<string, string | undefined>>) => {
  const groups = new Map<number, string>();
  const kill = (pid: number): void => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  };
  return {
    run: (
      thread: string,
      command: string,
      folder: string,
      said: (text: string) => void,
    ): Promise<Ran> => {
      const { promise, resolve } = Promise.withResolvers<Ran>();
      const child = spawn("/bin/bash", ["-c", command], {
        cwd: folder,
        env,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      const hear = (data: Buffer): void => {
        output += data.toString("utf8");
        said(data.toString("utf8"));
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      if (child.pid !== undefined) groups.set(child.pid, thread);
      child.on("error", (error) => resolve({ output: error.message, exitCode: 127 }));
      child.on("close", (code) => {
        if (child.pid !== undefined) groups.delete(child.pid);
        resolve({ output, exitCode: code ?? -1 });
      });
      return promise;
    },
    clean: (thread: string): void => {
      for (const [pid, owner] of groups) if (owner === thread) kill(pid);
    },
    cleanAll: (): void => {
      for (const pid of groups.keys()) kill(pid);
    },
  };
};
export type Shell = ReturnType<typeof makeShell>;
