/**
 * Installing a job, taking it away and looking at it. Nothing is half done: what fails leaves the file as it was before. A
 * file that a person made or changed is left alone, unless they force it.
 */
import { rmSync } from "node:fs";
import { compare, mustBeOurs, readText, writeText, type Found } from "../stamp.ts";
import type { Supervisor } from "./supervisor.ts";

export type Installed = {
  readonly file: string;
  /** false: the very same was there already. */
  readonly written: boolean;
  /** false: it was not started, as someone else does its work already. */
  readonly started: boolean;
};

const putBack = async (supervisor: Supervisor, before: string | null): Promise<void> => {
  if (before === null) {
    await supervisor.disable().catch(() => {});
    rmSync(supervisor.file, { force: true });
  } else writeText(supervisor.file, before);
  await supervisor.forget();
};

/** `isTaken`: whether its work is done already by one that the supervisor did not start. Rejects with a Failure. */
export const install = async (
  supervisor: Supervisor,
  choice: { readonly force: boolean; readonly isTaken: () => Promise<boolean> },
): Promise<Installed> => {
  const { file, text } = supervisor;
  await supervisor.here();
  const before = readText(file);
  const found = compare(before, text);
  mustBeOurs(found, file, choice.force);
  const written = found !== "same";
  const { running } = await supervisor.state();
  const started = running || !(await choice.isTaken());
  try {
    if (written) writeText(file, text);
    await supervisor.enable();
    if (started && (written || !running)) await supervisor.run();
  } catch (error) {
    if (written) await putBack(supervisor, before);
    throw error;
  }
  return { file, written, started };
};

/** Gives false when there was nothing to take away. Rejects with a Failure. */
export const uninstall = async (supervisor: Supervisor, force: boolean): Promise<boolean> => {
  const { file, text } = supervisor;
  const found = compare(readText(file), text);
  if (found === "absent") return false;
  mustBeOurs(found, file, force);
  await supervisor.here();
  await supervisor.disable();
  rmSync(file, { force: true });
  await supervisor.forget();
  return true;
};

type Status = {
  readonly file: string;
  readonly found: Found;
  readonly enabled: boolean;
  readonly running: boolean;
};

export const status = async (supervisor: Supervisor): Promise<Status> => {
  const { file, text } = supervisor;
  const found = compare(readText(file), text);
  const state = found === "absent" ? { enabled: false, running: false } : await supervisor.state();
  return { file, found, ...state };
};
