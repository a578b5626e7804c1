/** `--mode docker` and what goes with it: the container that an agent is to run in. */
import { InvalidArgumentError, type Command } from "commander";
import type { Input } from "@skein/contract";
import { misused } from "./failure.ts";

export type ContainerFlags = {
  readonly mode?: "native" | "docker";
  readonly image?: string;
  readonly network?: "none" | "default" | "host";
  readonly memory?: number;
  readonly cpus?: number;
};

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("A number above 0.");
  return value;
};

const mebibytes = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("A whole number of MiB: 2048.");
  return positive(text);
};

export const withContainerOptions = (command: Command): Command =>
  command
    .addOption(
      command
        .createOption(
          "--mode <mode>",
          "native: on the host itself (default). docker: in a container",
        )
        .choices(["native", "docker"]),
    )
    .option(
      "--image <image>",
      "with --mode docker: default is containers.image of the configuration",
    )
    .addOption(
      command
        .createOption("--network <network>", "with --mode docker: what it can reach")
        .choices(["none", "default", "host"]),
    )
    .option("--memory <MiB>", "with --mode docker: at most so much", mebibytes)
    .option("--cpus <count>", "with --mode docker: at most so many", positive);

/** Nothing, for an agent on the host itself. Throws when a flag of a container's stands without one. */
export const containerOf = (flags: ContainerFlags): Pick<Input<"sessions.create">, "container"> => {
  const { mode, image, network, memory, cpus } = flags;
  const asked = { image, network, memory, cpus };
  const first = Object.entries(asked).find(([, value]) => value !== undefined)?.[0];
  if (mode !== "docker") {
    if (first === undefined) return {};
    throw misused(`--${first} is for a container.`, "Add --mode docker.");
  }
  return {
    container: {
      ...(image === undefined ? {} : { image }),
      ...(network === undefined ? {} : { network }),
      ...(memory === undefined ? {} : { memoryMiB: memory }),
      ...(cpus === undefined ? {} : { cpus }),
    },
  };
};
