/** What is said to the system's ssh: every argument list of the house for it. */
import { BOOT } from "./script.ts";

export type SshDeps = {
  /** What `ssh NAME` takes; checked by the contract's HostName, and never an option: `--` stands before it. */
  readonly name: string;
  /** The daemon's own environment: where ssh finds its agent. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Another file than the user's own ~/.ssh/config. */
  readonly config?: string;
};

const options = (pairs: Readonly<Record<string, string | number>>): readonly string[] =>
  Object.entries(pairs).flatMap(([name, value]) => ["-o", `${name}=${value}`]);

/** Found dead after some 20 s: three questions without an answer. */
const ALIVE = { ServerAliveInterval: 5, ServerAliveCountMax: 3 };
export const CONNECT_SECONDS = 10;

/** First, so that an ssh which does not know them yet (before 8.7) passes over them. */
const IGNORED = "SessionType,ForkAfterAuthentication,StdinNull";

/** What the user's configuration must not change: nobody is asked, nothing accepted, nothing forwarded, nothing run here. */
const STRICT = {
  IgnoreUnknown: IGNORED,
  BatchMode: "yes",
  StrictHostKeyChecking: "yes",
  UpdateHostKeys: "no",
  ForwardAgent: "no",
  ForwardX11: "no",
  PermitLocalCommand: "no",
  ClearAllForwardings: "yes",
  Tunnel: "no",
  RequestTTY: "no",
  RemoteCommand: "none",
  SessionType: "default",
  ForkAfterAuthentication: "no",
  StdinNull: "no",
  EscapeChar: "none",
  ConnectionAttempts: 1,
  ConnectTimeout: CONNECT_SECONDS,
  ...ALIVE,
  // Its words are what a failure is told from, the key's fingerprint among them.
  LogLevel: "DEBUG1",
};

const configured = ({ config }: SshDeps): readonly string[] =>
  config === undefined ? [] : ["-F", config];

/** A connection of its own, that no other channel goes through. */
export const aloneArgs = (deps: SshDeps): readonly string[] => [
  ...configured(deps),
  ...options({ ...STRICT, ControlMaster: "no", ControlPath: "none", ControlPersist: "no" }),
  "--",
  deps.name,
  BOOT,
];

/** The connection that all channels go through. It ends when its own command does, and that one with its stdin. */
export const masterArgs = (deps: SshDeps, control: string): readonly string[] => [
  ...configured(deps),
  ...options({
    ...STRICT,
    ControlMaster: "yes",
    ControlPath: control,
    ControlPersist: "no",
    StreamLocalBindUnlink: "yes",
  }),
  "--",
  deps.name,
  BOOT,
];

/**
 * A channel through that connection. It needs nothing of anyone's configuration; and should the connection be gone, it must
 * not make one of its own behind our back: the way there is then a program that fails.
 */
const through = (control: string): readonly string[] => [
  "-F",
  "none",
  ...options({
    ControlPath: control,
    ControlMaster: "no",
    ProxyCommand: "false",
    BatchMode: "yes",
    EscapeChar: "none",
    LogLevel: "ERROR",
  }),
];

/** `x` stands for the host's name, which nobody looks at any more. */
export const channelArgs = (control: string): readonly string[] => [
  ...through(control),
  "-T",
  "-a",
  "-x",
  "--",
  "x",
  BOOT,
];

export const forwardArgs = (control: string, here: string, there: string): readonly string[] => [
  ...through(control),
  "-O",
  "forward",
  "-L",
  `${here}:${there}`,
  "--",
  "x",
];
