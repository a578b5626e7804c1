/** A power cut: whatever was not synced is gone. What was acknowledged must be there all the same. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseSeed, makeChance } from "./chance.ts";
import { examine, schemaOf, snapshotDamage } from "./power-loss/check.ts";
import { makeDisk, type Image } from "./power-loss/disk.ts";
import { COMMITS, TOTAL, UPGRADED } from "./power-loss/history.ts";
import { say } from "./say.ts";
import { traced, type Step } from "./power-loss/trace.ts";

const CUTS = 220;
const LUCKY_EVERY = 2;
const WRITER = fileURLToPath(new URL("power-loss/writer.ts", import.meta.url));
const seed = chooseSeed();

/** In memory where there is such a place: hundreds of images are laid out and thrown away. */
const scratch = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "skein-power-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

type Cut = { readonly at: number; readonly acknowledged: number; readonly image: Image };
type Recorded = { readonly steps: readonly Step[]; readonly folder: string };

const record = (synchronous: "FULL" | "NORMAL"): Recorded => {
  const folder = join(scratch, synchronous);
  mkdirSync(folder);
  const argv = [process.execPath, WRITER, folder, synchronous];
  const steps = traced(argv, `${folder}.traces`, folder);
  const acknowledged = steps.filter(({ step }) => step === "said").length;
  expect(acknowledged, "the writer's acknowledgements in the trace").toBe(TOTAL);
  return { steps, folder };
};

/** Evenly spread, and around every change of a name. */
const cutsOf = (steps: readonly Step[], count: number): ReadonlySet<number> => {
  const cuts = new Set<number>();
  for (let index = 1; index <= count; index++)
    cuts.add(Math.floor((index * (steps.length - 1)) / count));
  for (const [index, { step }] of steps.entries()) {
    // Names change seldom, and each change is a chance to lose a file.
    if (step === "rename" || step === "unlink" || step === "mkdir")
      for (let near = -3; near <= 3; near++) cuts.add(index + near);
  }
  return cuts;
};

/** Plays the trace and looks at the disk at each cut. Images are only valid during the call. */
const atCuts = async (
  { steps, folder }: Recorded,
  count: number,
  look: (cut: Cut, number: number) => Promise<void>,
): Promise<number> => {
  const chance = makeChance(seed);
  const disk = makeDisk(folder);
  const cuts = cutsOf(steps, count);
  let acknowledged = 0;
  let looks = 0;
  for (const [at, step] of steps.entries()) {
    disk.apply(step);
    if (step.step === "said") acknowledged = Number(step.line.replace("ack ", ""));
    if (!cuts.has(at)) continue;
    await look({ at, acknowledged, image: disk.image() }, ++looks);
    if (looks % LUCKY_EVERY === 0)
      await look({ at, acknowledged, image: disk.luckyImage(chance) }, ++looks);
  }
  return looks;
};

describe("a power cut", () => {
  let full: Recorded;
  let normal: Recorded;
  beforeAll(() => {
    full = record("FULL");
    normal = record("NORMAL");
  });

  it("loses no acknowledged commit and damages nothing with synchronous=FULL", async () => {
    const faults: string[] = [];
    const looks = await atCuts(full, CUTS, async ({ at, acknowledged, image }) => {
      const { kept, damage } = await examine({ image, origin: full.folder, scratch });
      faults.push(...damage.map((line) => `cut ${at}: ${line}`));
      if (kept < acknowledged) faults.push(`cut ${at}: ${acknowledged} acknowledged, ${kept} kept`);
    });
    say(
      `power loss, FULL: ${looks} images, ${TOTAL} commits, ${faults.length} faults, seed ${seed}`,
    );
    expect(faults).toEqual([]);
    expect(looks).toBeGreaterThanOrEqual(200);
  });

  it("leaves the snapshot of the old version wherever the upgrade is on the disk", async () => {
    const faults: string[] = [];
    let upgraded = 0;
    await atCuts(full, CUTS, async ({ at, acknowledged, image }) => {
      const laid = { image, origin: full.folder, scratch };
      const isUpgraded = (await schemaOf(laid)) === UPGRADED.length;
      if (acknowledged < COMMITS.first + COMMITS.second || !isUpgraded) return;
      upgraded += 1;
      const damage = await snapshotDamage(laid);
      faults.push(...damage.map((line) => `cut ${at}: ${line}`));
    });
    expect(faults).toEqual([]);
    expect(upgraded).toBeGreaterThan(0);
  });

  it("loses acknowledged commits with synchronous=NORMAL, so that the check can fail", async () => {
    let lost = 0;
    let worst = 0;
    const looks = await atCuts(normal, CUTS / 4, async ({ acknowledged, image }) => {
      const { kept } = await examine({ image, origin: normal.folder, scratch });
      if (kept >= acknowledged) return;
      lost += 1;
      worst = Math.max(worst, acknowledged - kept);
    });
    say(`power loss, NORMAL: ${lost} of ${looks} images lost acknowledged commits, up to ${worst}`);
    expect(lost).toBeGreaterThan(looks / 4);
  });
});
