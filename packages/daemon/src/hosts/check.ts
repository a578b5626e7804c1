/**
 * What there is on a host, and what is missing: all that the system itself knows in one trip, the time in another, which tells how
 * long one takes, and the agents' versions side by side.
 */
import type { HostCheck } from "@skein/contract";
import { adapterFailure, findTmux, type AdapterFailure, type Clock, type Host } from "@skein/sdk";
import { warningsOf } from "./warnings.ts";

/** An agent that may be there: the program that runs it, with its leading arguments. */
export type Sought = { readonly backend: string; readonly command: readonly [string, ...string[]] };

const TRIP_MS = 20_000;
const VERSION_MS = 10_000;
const MAX_BYTES = 64 * 1024;

/** Lines of a name, a tab, and what was found; read by `sh` from stdin. $1 is Skein's folder, which may not be there yet; $2 is tmux, where there is one. */
const SCRIPT = `
say() { printf '%s\\t%s\\n' "$1" "$2"; }
first() { "$@" </dev/null 2>/dev/null | head -n 1; }
say system "$(uname -sm)"
[ -z "$2" ] || say tmux "$(first "$2" -V)"
command -v git >/dev/null 2>&1 && say git "$(first git --version)"
folder=$1
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
say free "$(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print $4 }')"
`;

const versionIn = (text: string | undefined): string | null =>
  /\d+(?:\.\d+)+[\w.-]*/.exec(text ?? "")?.[0] ?? null;

const unusable = (host: string, said: string): AdapterFailure =>
  adapterFailure(
    `${host} does not answer as a machine with a POSIX shell does${said === "" ? "." : `: ${said}`}`,
    {
      kind: "unsupported",
      code: "host_unusable",
      remedy: `Try \`ssh ${host} uname -sm\`: it must print one line, such as Linux x86_64.`,
      retryable: false,
    },
  );

type Env = Readonly<Record<string, string>>;

const environmentOf = async (host: Host): Promise<Env> => {
  const known = await host.environment();
  const wanted = ["PATH", "HOME", "LANG"].flatMap((name) => {
    const value = known[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(wanted);
};

/** Rejects with an AdapterFailure when the host does not answer, or not as it must. */
const lookAround = async (host: Host, env: Env): Promise<ReadonlyMap<string, string>> => {
  const tmux = (await findTmux(host)) ?? "";
  const told = await host.run(["sh", "-s", "--", host.home, tmux], {
    env,
    timeoutMs: TRIP_MS,
    input: SCRIPT,
    maxBytes: MAX_BYTES,
  });
  const lines = told.stdout.split("\n").map((line) => line.split("\t"));
  const found = new Map(lines.map(([name = "", ...rest]) => [name, rest.join("\t").trim()]));
  if ((found.get("system") ?? "") === "") {
    const said = told.stderr.trim().split("\n").at(-1) ?? "";
    throw unusable(host.id, said.slice(0, 200));
  }
  return found;
};

/** How far its clock is ahead, within a trip, and how long that trip took. */
const askTime = async (host: Host, env: Env, clock: Clock) => {
  const [at, began] = [clock.now(), clock.monotonic()];
  const told = await host.run(["date", "+%s"], { env, timeoutMs: TRIP_MS });
  const latencyMs = clock.monotonic() - began;
  const there = Number.parseInt(told.stdout, 10) * 1000;
  // It tells whole seconds: half of one is what is not known.
  const skew = there + 500 - (at + latencyMs / 2);
  const clockSkewMs = Number.isFinite(skew) && Math.abs(skew) > 1_000 + latencyMs ? skew : 0;
  return { latencyMs: Math.round(latencyMs), clockSkewMs: Math.round(clockSkewMs) };
};

const askAgent = async (
  host: Host,
  env: Env,
  { backend, command }: Sought,
): Promise<HostCheck["agents"]> => {
  const [program, ...leading] = command;
  const path = await host.which(program, env["PATH"]);
  if (path === null) return [];
  const told = await host.run([path, ...leading, "--version"], { env, timeoutMs: VERSION_MS });
  return [{ backend, command: [path, ...leading].join(" "), version: versionIn(told.stdout) }];
};

const toolOf = (found: ReadonlyMap<string, string>, name: string) => ({
  found: found.has(name),
  version: versionIn(found.get(name)),
});

/** Rejects with an AdapterFailure: host_unreachable and what else the link knows, or host_unusable. */
export const checkHost = async (
  host: Host,
  sought: readonly Sought[],
  clock: Clock,
  findEngine: (host: Host) => Promise<HostCheck["containers"]>,
): Promise<HostCheck> => {
  const env = await environmentOf(host);
  const found = await lookAround(host, env);
  // By itself: what runs beside it would be counted in.
  const time = await askTime(host, env, clock);
  const agents = await Promise.all(sought.map((one) => askAgent(host, env, one)));
  const containers = await findEngine(host);
  const free = Number.parseInt(found.get("free") ?? "", 10);
  const check: Omit<HostCheck, "warnings"> = {
    checkedAt: new Date(clock.now()).toISOString(),
    system: found.get("system") ?? "",
    tmux: toolOf(found, "tmux"),
    git: toolOf(found, "git"),
    containers,
    agents: agents.flat(),
    freeBytes: Number.isFinite(free) ? free * 1024 : null,
    ...time,
  };
  return { ...check, warnings: warningsOf(check, host.id) };
};
