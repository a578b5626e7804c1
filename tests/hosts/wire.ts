/** A network of its own for a far host, at the other end of a wire that can be taken down: nobody is told then, packets just vanish. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);
const ip = async (...words: readonly string[]): Promise<void> =>
  void (await execute("ip", [...words]));

export type Wire = {
  readonly network: { readonly address: string; readonly enter: readonly string[] };
  cut(): Promise<void>;
  mend(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

let wires = 0;

/** Needs the right to make networks: root, or a machine of its own as .ci/run has. */
export const layWire = async (): Promise<Wire> => {
  const number = (wires += 1);
  const name = `skein-${process.pid}-${number}`;
  const near = `sk${process.pid.toString(36)}n${number}`;
  const far = `sk${process.pid.toString(36)}f${number}`;
  const base = `10.${64 + (process.pid % 64)}.${(process.pid >> 6) % 250}.${number * 4}`;
  const at = (last: number): string => base.replace(/\d+$/, String(number * 4 + last));
  await ip("netns", "add", name);
  try {
    await ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name);
    await ip("addr", "add", `${at(1)}/30`, "dev", near);
    await ip("link", "set", near, "up");
    const there = ["netns", "exec", name, "ip"] as const;
    await ip(...there, "addr", "add", `${at(2)}/30`, "dev", far);
    await ip(...there, "link", "set", far, "up");
    await ip(...there, "link", "set", "lo", "up");
  } catch (error) {
    await ip("netns", "del", name);
    throw error;
  }
  return {
    network: { address: at(2), enter: ["ip", "netns", "exec", name] },
    cut: () => ip("link", "set", near, "down"),
    mend: () => ip("link", "set", near, "up"),
    [Symbol.asyncDispose]: () => ip("netns", "del", name),
  };
};
