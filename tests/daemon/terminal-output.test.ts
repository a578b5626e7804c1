/** What a driver reads of its program's terminal, with a real tmux and a link that stalls. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeLocalHost } from "@skein/adapters";
import { systemClock, type Host, type Pipe } from "@skein/sdk";
import { sweepHome, untilTrue } from "../scenarios/processes.ts";
import { makeTerminals } from "../../packages/daemon/src/terminals/terminals.ts";

/** What tmux's clients say waits while the link is held. */
const makeStalling = (real: Host) => {
  let held: PromiseWithResolvers<void> | null = null;
  const pass = async function* (output: Pipe["output"]): AsyncGenerator<Uint8Array> {
    for await (const bytes of output) {
      await held?.promise;
      yield bytes;
    }
  };
  const open: Host["open"] = async (...given) => {
    const pipe = await real.open(...given);
    return { ...pipe, output: pass(pipe.output) };
  };
  return {
    host: { ...real, open } satisfies Host,
    hold: (): void => void (held = Promise.withResolvers()),
    go: (): void => held?.resolve(),
  };
};

/** Writes for longer than tmux keeps anything for who does not read, and says so in a file; then it repeats what is typed. */
const PROGRAM = `read word
(while :; do printf %4000s flood; sleep 0.02; done) &
sleep 8
kill $!
: > "$1"
while read word; do echo "heard $word"; done`;

test("what comes after a link that stalled is read, though tmux had left the terminal out meanwhile", async () => {
  const place = await realpath(await mkdtemp(join(tmpdir(), "skein-")));
  const home = join(place, "home");
  await mkdir(home, { mode: 0o700 });
  const { host, hold, go } = makeStalling(makeLocalHost({ home, clock: systemClock }));
  const terminals = makeTerminals(host, systemClock);
  const left = new AbortController();
  onTestFinished(async () => {
    left.abort();
    go();
    await sweepHome(home);
    await rm(place, { recursive: true, force: true });
  });

  const id = "trm_00000000000000000000000001";
  const flooded = join(place, "flooded");
  const owner = { session: id, generation: 0 };
  const argv = ["/bin/sh", "-c", PROGRAM, "sh", flooded] as const;
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
  await terminals.open({ id, argv: [...argv], env, folder: place, owner, columns: 80, rows: 24 });
  let seen = "";
  const reading = (async () => {
    for await (const bytes of terminals.output(id, left.signal))
      seen = (seen + Buffer.from(bytes).toString()).slice(-65_536);
  })();

  // Typed again until it is read: what is typed is echoed only to who reads already.
  await untilTrue("it is read", async () => {
    await terminals.type(id, "go", true);
    return seen.includes("flood");
  });
  hold();
  await untilTrue("it has flooded", () => existsSync(flooded), 20_000);
  go();
  await terminals.type(id, "again", true);
  await untilTrue("what comes now is read", () => seen.includes("heard again"));
  left.abort();
  await reading;
  expect(seen).toContain("heard again");
});
