/**
 * Makes dist/skein.js: the CLI as one file, the daemon in chunks that are loaded when it is asked for.
 *
 * Whoever runs the bundle while it is made again is not disturbed: chunks carry their content in their name and are
 * written first, the entry is replaced in one rename, and chunks of earlier builds stay for a while, because a daemon
 * that started from them may still load one.
 */
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = `${root}dist`;
const KEEP_OLD_CHUNKS_MS = 14 * 24 * 60 * 60 * 1000;

/** Before the build: a source that changes while it runs makes the bundle stale again. */
const began = new Date();

const build = await rolldown({
  cwd: root,
  input: { skein: "packages/cli/src/main.ts" },
  platform: "node",
  external: /^node:/,
  onLog: (level, log, handle) => {
    // An import that could not be resolved is only a warning to the bundler; at run time it is a crash.
    handle(log.code === "UNRESOLVED_IMPORT" ? "error" : level, log);
  },
});

const { output } = await build.generate({
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name]-[hash].js",
  banner: (chunk) => (chunk.isEntry ? "#!/usr/bin/env node" : ""),
  sourcemap: false,
  minify: false,
});
await build.close();

await mkdir(`${dist}/chunks`, { recursive: true });
const code = (part: (typeof output)[number]) => (part.type === "chunk" ? part.code : part.source);
const [entry, ...others] = output;
for (const part of others) {
  await mkdir(`${dist}/${part.fileName}`.replace(/\/[^/]*$/, ""), { recursive: true });
  await writeFile(`${dist}/${part.fileName}`, code(part));
}

const draft = `${dist}/.${entry.fileName}.${process.pid}`;
await writeFile(draft, code(entry), { mode: 0o755 });
await utimes(draft, began, began);
await rename(draft, `${dist}/${entry.fileName}`);

const current = new Set(others.map((part) => part.fileName));
for (const name of await readdir(`${dist}/chunks`)) {
  const path = `${dist}/chunks/${name}`;
  const age = began.getTime() - (await stat(path)).mtimeMs;
  if (!current.has(`chunks/${name}`) && age > KEEP_OLD_CHUNKS_MS) await rm(path);
}
