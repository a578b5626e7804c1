/** What the parts of the house are made from. */
import type { Config } from "../config/schema.ts";
import type { Paths } from "../config/paths.ts";
import type { Failpoint, Store } from "../engine/ports.ts";
import type { Health } from "../health.ts";
import type { Log } from "../log/log.ts";

export type Building = {
  readonly options: {
    readonly version: string;
    /** Default: the configuration's. */
    readonly port?: number;
    readonly env: Readonly<Record<string, string | undefined>>;
  };
  readonly paths: Paths;
  readonly config: Config;
  readonly log: Log;
  readonly failpoint: Failpoint;
  readonly store: Store;
  readonly health: Health;
  readonly stop: (orderly: boolean) => void;
};
