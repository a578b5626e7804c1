/** What the operations ask of the house. */
import type {
  Backend,
  Capabilities,
  Container,
  HostCheck,
  Program,
  Terminal,
  TerminalAttach,
  TerminalState,
} from "@skein/contract";
import type { Host, OutsideConversation, OutsideReader, Terminals } from "@skein/sdk";
import type { DiskRoom } from "../disk-room.ts";
import type { Engine } from "../engine/engine.ts";
import type { MakeId } from "../engine/ids.ts";
import type { Store } from "../engine/ports.ts";
import type { Caller, TerminalLine, TerminalSeat } from "../server/ports.ts";

export type OperationDeps = {
  readonly engine: Engine;
  readonly store: Store;
  readonly id: MakeId;
  readonly now: () => number;
  readonly random: () => number;
  readonly hosts: HostsPort;
  /** The container whole: what was left open is the configuration's. Rejects with a Refusal when it could not be run on that host. */
  admitContainer(
    host: string,
    wish: Omit<Container, "image"> & { readonly image?: string | undefined },
    /** What is to run in it. */
    runs: {
      readonly backend: string;
      readonly program?: Program | null | undefined;
      readonly folder: string;
    },
  ): Promise<Container>;
  /** The agents of a host; undefined: there is no such host. */
  backends(host: string): BackendsPort | undefined;
  /** The terminals of a host; undefined: there is no such host. */
  terminals(host: string): TerminalsPort | undefined;
  readonly changes: Changes;
  readonly daemon: {
    readonly version: string;
    readonly pid: number;
    readonly home: string;
    readonly startedAt: number;
    address(): string | null;
    socket(): string;
    watchers(): number;
    memory(): number;
    health(): readonly { readonly part: string; readonly ok: boolean; readonly detail: string }[];
    loginLink(): { readonly url: string; readonly expiresAt: number };
    /** Begins to stop; returns at once. */
    stop(): void;
    /** Ends the live connections of a token. */
    disconnect(token: string): void;
  };
};

/** A host that was reached and looked at, and that nobody has in hand yet: exactly one of the two is called. */
export type MetHost = {
  /** Skein's folder there. */
  readonly home: string;
  readonly check: HostCheck;
  take(): void;
  leave(): Promise<void>;
};

/** ISO 8601. */
export type HostRefusal = {
  readonly at: string;
  readonly message: string;
  readonly remedy: string;
};

export type HostsPort = {
  /** `local` first. */
  names(): readonly string[];
  get(name: string): Pick<Host, "id" | "home" | "folder" | "reach"> | undefined;
  /** Rejects with an AdapterFailure that says what keeps it from being reached, or used; nothing is left behind then. */
  meet(name: string): Promise<MetHost>;
  /** Resolves when it is known whether that host answers; at once but for the first moments of a daemon. Never rejects. */
  tried(name: string): Promise<void>;
  /** Of one that is in hand: it is reached now, by a connection of its own. Rejects with an AdapterFailure. */
  check(name: string): Promise<HostCheck>;
  /** How the newest check ended, if it did not get through and the link was not lost or made anew since. */
  refused(name: string): HostRefusal | undefined;
  /** Whether there is room for what an agent says there. Never rejects. */
  room(name: string): Promise<DiskRoom>;
  /** Lets go of its agents, and hears no more of them. Harms none, never rejects. */
  forsake(name: string): Promise<void>;
  /** Does away with all that is Skein's there; no agent may run there. Rejects when it does not answer, or something stays. */
  clear(name: string): Promise<void>;
  /** Lets go of the host itself. */
  drop(name: string): Promise<void>;
};

export type BackendsPort = {
  readonly ids: readonly string[];
  /** Those whose sessions name the program that runs in them. */
  readonly takingProgram: readonly string[];
  capabilities(id: string): Capabilities;
  list(): Promise<readonly Backend[]>;
  get(id: string): Promise<Backend | undefined>;
  refresh(id?: string): Promise<readonly Backend[]>;
  /** Conversations that were begun outside Skein; of the agents in `ids` only. */
  readonly outside: {
    readonly ids: readonly string[];
    list(backend: string): Promise<readonly OutsideConversation[]>;
    open(backend: string, id: string): Promise<OutsideReader | null>;
  };
};

/** What tmux holds of one terminal now. */
export type HeldTerminal = {
  readonly id: string;
  readonly dead: boolean;
  readonly exitCode: number | null;
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
};

export type TerminalsPort = Pick<Terminals, "open" | "screen" | "close"> & {
  /** Text, literally, and Enter behind it if asked to: both or neither. Rejects with an AdapterFailure when nothing runs there. */
  type(id: string, text: string, enter: boolean): Promise<void>;
  /** null: tmux or the host does not answer. */
  held(): Promise<readonly HeldTerminal[] | null>;
  /** Clients that are attached now. */
  viewers(id: string): number;
  /** null: too many are attached. */
  attach(request: AttachRequest, line: TerminalLine): TerminalSeat | null;
  /** What a person gets who logs in there. Rejects with an AdapterFailure. */
  login(): Promise<{
    readonly argv: readonly [string, ...string[]];
    readonly env: Readonly<Record<string, string>>;
    readonly folder: string;
  }>;
};

type AttachRequest = {
  readonly terminal: string;
  /** Two callers with the same client id are two clients. */
  readonly who: string;
  readonly client: string;
  readonly mayType: boolean;
  readonly ask: TerminalAttach;
  readonly describe: (live: {
    readonly size: { readonly columns: number; readonly rows: number };
    readonly title: string;
    readonly program: TerminalState;
    readonly viewers: number;
  }) => Terminal;
};

export type { Caller };

/** Who it is for receipts: a label may be another token's too. */
export const identityOf = ({ actor, token }: Caller): string => token ?? actor;

/** Who waits for a session to change is called after each commit that touched it. */
export type Changes = {
  /** Called with the streams of each commit. */
  published(streams: Iterable<string>): void;
  /** Resolves at the next change of any of them, or when the signal aborts. */
  next(streams: readonly string[], signal: AbortSignal): Promise<void>;
};
