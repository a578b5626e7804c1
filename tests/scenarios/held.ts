/** A turn that lasts until the test lets it go: on a machine of any speed it is still under way before, and not after. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Agent } from "./agent.ts";

export type Held = {
  /** What is sent: it speaks for so many seconds, and then waits. */
  readonly text: string;
  release(): Promise<void>;
};

export const hold = ({ folder }: Pick<Agent, "folder">, seconds: number): Held => {
  const file = join(folder, "release");
  return { text: `SLOW ${seconds} ${file}`, release: () => writeFile(file, "") };
};
