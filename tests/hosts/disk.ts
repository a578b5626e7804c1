/** A home folder on a disk of its own, as small as asked. Needs root. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

export const makeDisk = async (kibibytes: number, names: number) => {
  const home = await mkdtemp(join(tmpdir(), "skein-disk-"));
  const size = `size=${kibibytes}k,nr_inodes=${names},mode=0700`;
  await execute("mount", ["-t", "tmpfs", "-o", size, "tmpfs", home]);
  return {
    home,
    async [Symbol.asyncDispose]() {
      await execute("umount", ["-l", home]);
      await rm(home, { recursive: true, force: true });
    },
  };
};
