import type { Host } from "@skein/sdk";
import type { Paths } from "../config/paths.ts";
import type { Backends } from "../effects/backends.ts";
import type { HostTerminals } from "../terminals/terminals.ts";

/** What was made for one host. */
export type Site = {
  readonly host: Host;
  readonly paths: Paths;
  readonly terminals: HostTerminals;
  readonly backends: Backends;
};
