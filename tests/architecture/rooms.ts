/**
 * The rooms and who may import whom: a table that a test reads every import against. A room is named by its package and folder; the
 * longest name that fits a file is its room. A folder for which no law is written here is refused, so that a new room
 * comes with a decision about its walls.
 */
export type Law = {
  readonly room: string;
  /** Rooms that it may import; `x/*` means any room below x. Its own files it may always import. */
  readonly may: readonly string[];
  /** Rooms that it may import with a dynamic `import()` only. */
  readonly mayLazily?: readonly string[];
  readonly node: boolean;
  /** Packages from outside: these, or any that its package.json declares. */
  readonly vendors: readonly string[] | "declared";
  readonly law: string;
};

/** The declarations of a room of the daemon: types that another room may know without knowing who is behind them. */
const PORTS = "daemon/engine/ports";
const FEED_PORTS = "daemon/feed/ports";
const SERVER_PORTS = "daemon/server/ports";

export const LAWS: readonly Law[] = [
  {
    room: "contract",
    may: [],
    node: false,
    vendors: ["zod"],
    law: "contract imports zod and nothing else",
  },
  {
    room: "contract/schema",
    may: ["contract"],
    node: true,
    vendors: ["zod"],
    law: "contract/schema writes the contract's JSON Schema: contract, zod, node: only",
  },
  {
    room: "core",
    may: ["contract"],
    node: false,
    vendors: [],
    law: "core is pure and imports contract only",
  },
  {
    room: "sdk",
    may: ["contract"],
    node: false,
    vendors: [],
    law: "sdk declares doors: it imports contract only, never core or daemon, and no node:",
  },
  {
    room: "sdk/testkit",
    may: ["sdk", "contract"],
    node: true,
    vendors: ["ws", "vitest"],
    law: "the testkit imports sdk, contract, node:, ws and vitest, never core or daemon",
  },
  {
    room: "adapters",
    may: ["adapters/*", "sdk", "contract"],
    node: false,
    vendors: [],
    law: "the adapters' door names the adapters; its tests drive them through the sdk's doors",
  },
  {
    room: "adapters/hosts",
    may: ["sdk", "contract"],
    node: false,
    vendors: [],
    law: "what all hosts share is pure: it imports sdk and contract only",
  },
  {
    room: "adapters/agents",
    may: ["sdk", "contract"],
    node: false,
    vendors: [],
    law: "what several agents share is pure: it imports sdk and contract only",
  },
  {
    room: "adapters/agents/lines",
    may: ["sdk", "contract"],
    node: false,
    vendors: [],
    law: "what drivers share that speak in lines imports sdk and contract only, never a driver",
  },
  {
    room: "adapters/*",
    may: ["adapters/agents", "adapters/agents/lines", "adapters/hosts", "sdk", "contract"],
    node: true,
    vendors: "declared",
    law: "an adapter imports sdk, contract, what agents or hosts share and its own vendor, never core, daemon or a sibling",
  },
  {
    room: "client",
    may: ["contract", "core/views"],
    node: false,
    vendors: [],
    law: "client runs in browsers too: contract and core's views only, never node:, daemon or sdk",
  },
  {
    room: "daemon",
    may: ["contract", "sdk"],
    node: true,
    vendors: [],
    law: "files at the daemon's root are for all its rooms, so they import contract and sdk only",
  },
  {
    room: "daemon/main",
    may: ["contract", "core", "sdk", "adapters", "daemon", "daemon/*"],
    node: true,
    vendors: "declared",
    law: "main.ts wires the daemon from its rooms and the other packages' doors",
  },
  {
    room: "daemon/house",
    may: ["contract", "core", "sdk", "adapters", "daemon", "daemon/*"],
    node: true,
    vendors: "declared",
    law: "house is main.ts in parts: it wires the daemon's rooms, and no other room imports it",
  },
  {
    room: "daemon/hosts",
    may: ["contract", "sdk", "daemon"],
    node: true,
    vendors: "declared",
    law: "hosts import sdk's Host and contract, never another room of the daemon",
  },
  {
    room: "daemon/index",
    may: ["daemon/main"],
    node: false,
    vendors: [],
    law: "the daemon's door shows main.ts and nothing else",
  },
  {
    room: PORTS,
    may: ["contract", "core"],
    node: false,
    vendors: [],
    law: "the engine's ports are declarations: contract and core only",
  },
  {
    room: FEED_PORTS,
    may: ["contract", PORTS],
    node: false,
    vendors: [],
    law: "the feed's ports are declarations: contract and the engine's ports only",
  },
  {
    room: SERVER_PORTS,
    may: ["contract", FEED_PORTS],
    node: false,
    vendors: [],
    law: "the server's ports are declarations: contract and the feed's ports only",
  },
  {
    room: "daemon/engine",
    may: ["contract", "core", "daemon", PORTS],
    node: true,
    vendors: [],
    law: "engine imports core, contract and the ports that it declares itself, never store, server or adapters",
  },
  {
    room: "daemon/store",
    may: ["contract", "daemon", PORTS],
    node: true,
    vendors: "declared",
    law: "store imports the engine's ports and contract, never another room of the daemon",
  },
  {
    room: "daemon/effects",
    may: ["contract", "sdk", "daemon", PORTS],
    node: true,
    vendors: "declared",
    law: "effects import the engine's ports, contract and sdk, never another room of the daemon",
  },
  {
    room: "daemon/feed",
    may: ["contract", "daemon", PORTS, FEED_PORTS],
    node: true,
    vendors: "declared",
    law: "feed imports the engine's ports and contract, never another room of the daemon",
  },
  {
    room: "daemon/scheduler",
    may: ["contract", "daemon", PORTS],
    node: true,
    vendors: "declared",
    law: "scheduler imports the engine's ports and contract, never another room of the daemon",
  },
  {
    room: "daemon/operations",
    may: ["contract", "core", "sdk", "daemon", "daemon/engine", PORTS, FEED_PORTS, SERVER_PORTS],
    node: true,
    vendors: "declared",
    law: "operations import contract, core, the engine, ports and sdk, never store, server or adapters",
  },
  {
    room: "daemon/terminals",
    may: ["contract", "sdk", "daemon"],
    node: true,
    vendors: "declared",
    law: "terminals import sdk's Host and contract, never store or server",
  },
  {
    room: "daemon/worktrees",
    may: ["contract", "sdk", "daemon"],
    node: true,
    vendors: "declared",
    law: "worktrees import sdk's Host and contract, never store or server",
  },
  {
    room: "daemon/plugins",
    may: ["contract", "sdk", "daemon"],
    node: true,
    vendors: "declared",
    law: "plugins import sdk and contract, never another room of the daemon",
  },
  {
    room: "daemon/config",
    may: ["contract", "daemon"],
    node: true,
    vendors: "declared",
    law: "config imports contract, never another room of the daemon",
  },
  {
    room: "daemon/log",
    may: ["contract", "daemon"],
    node: true,
    vendors: "declared",
    law: "log imports contract, never another room of the daemon",
  },
  {
    room: "daemon/server",
    may: ["contract", "contract/schema", "daemon", PORTS, FEED_PORTS, SERVER_PORTS],
    node: true,
    vendors: "declared",
    law: "server imports contract and gets dispatch, query and watch handed in, never store or adapters",
  },
  {
    room: "cli",
    may: ["contract", "client"],
    mayLazily: ["daemon/index"],
    node: true,
    vendors: "declared",
    law: "cli imports client and contract; the daemon by dynamic import only",
  },
  {
    room: "web",
    may: ["contract", "client", "core/views"],
    node: false,
    vendors: "declared",
    law: "web imports client and contract, never the daemon",
  },
];

/** Files that are rooms of their own, because their walls differ from those of the folder they lie in. */
const SINGLE = new Set(["daemon/main", "daemon/index", PORTS, FEED_PORTS, SERVER_PORTS]);

/** The room of a file of ours, or undefined for a file that is in no package's source. */
export const roomOf = (path: string): string | undefined => {
  const match = /^packages\/([^/]+)\/(?:src\/)?(.+)$/.exec(path);
  if (match === null) return undefined;
  const [, name = "", inside = ""] = match;
  const words = [name, ...inside.replace(/(\.test|\.testkit)?\.tsx?$/, "").split("/")];
  for (let length = Math.min(words.length, 3); length > 1; length -= 1) {
    const candidate = words.slice(0, length).join("/");
    if (SINGLE.has(candidate)) return candidate;
  }
  const folders = words.slice(0, -1);
  if (name === "adapters") return folders.slice(0, 3).join("/");
  if (name === "daemon") return folders.slice(0, 2).join("/");
  const inner = folders.slice(0, 2).join("/");
  return LAWS.some((law) => law.room === inner) || inner === "core/views" ? inner : name;
};

export const lawOf = (room: string): Law | undefined =>
  LAWS.find((law) => law.room === room) ??
  LAWS.find(
    (law) => law.room.endsWith("/*") && room.split("/").length === 3 && fits(law.room, room),
  );

/** True when a room is the named one or, for `x/*`, lies below x. */
export const fits = (pattern: string, room: string): boolean =>
  pattern.endsWith("/*") ? room.startsWith(pattern.slice(0, -1)) : pattern === room;
