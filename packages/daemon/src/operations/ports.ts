/** What the operations ask of the house. */
import type { Backend, Capabilities, Container } from "@skein/contract";
import type { Host } from "@skein/sdk";
import type { Engine } from "../engine/engine.ts";
import type { MakeId } from "../engine/ids.ts";
import type { Store } from "../engine/ports.ts";
import type { Caller } from "../server/ports.ts";

export type OperationDeps = {
  readonly engine: Engine;
  readonly store: Store;
  readonly id: MakeId;
  readonly now: () => number;
  readonly random: () => number;
  readonly hosts: {
    names(): readonly string[];
    get(name: string): Pick<Host, "id" | "folder" | "reach"> | undefined;
  };
  /** Rejects with a Refusal when that container could not be run on that host. */
  admitContainer(host: string, container: Container): Promise<void>;
  /** The agents of a host; undefined: there is no such host. */
  backends(host: string): BackendsPort | undefined;
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

export type BackendsPort = {
  readonly ids: readonly string[];
  capabilities(id: string): Capabilities;
  list(): Promise<readonly Backend[]>;
  get(id: string): Promise<Backend | undefined>;
  refresh(id?: string): Promise<readonly Backend[]>;
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
