/**
 * The door of every agent. A driver is a value: it knows one backend's words, and nothing of the daemon.
 *
 * It never decides and never writes state: it reports facts, and the daemon records them. Four parts each:
 * `wire` (the vendor's words), `translate` (a pure fold: vendor message to facts), `process` (I/O), `driver` (glue).
 */
import type {
  ApprovalRequest,
  Capabilities,
  ErrorCode,
  ItemBody,
  Model,
  PermissionMode,
  Program,
  Resolution,
  SessionInterface,
  TurnError,
  TurnOutcome,
} from "@skein/contract";
import type { Liveness } from "./host.ts";
import type { BackendContext } from "./backend-context.ts";
import type { Outside } from "./outside.ts";

/** Tokens of one turn as the vendor tells them. `costUsd`: the vendor's own figure, null when it gives none. */
export type TurnUsage = {
  readonly model: string | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly costUsd: number | null;
};

/** What a driver has seen. A fact of an older generation is refused by the daemon, not by the driver. */
export type Fact =
  /** The agent is ready for prompts. `adopted`: it ran already when this daemon came. */
  | {
      readonly fact: "started";
      readonly pid: number | null;
      readonly providerSessionId: string | null;
      /**
       * The vendor's id that the conversation will have with its first words, where that is known before them: nobody else is let to
       * it from here on, though it can be neither resumed nor forked yet.
       */
      readonly reserved?: string | null;
      readonly model: string | null;
      readonly adopted: boolean;
    }
  /** It cannot be started. Nothing of it is left behind. */
  | {
      readonly fact: "start-failed";
      readonly code: ErrorCode;
      readonly message: string;
      readonly remedy: string;
    }
  /** The vendor's id became known or changed. */
  | { readonly fact: "provider-session"; readonly providerSessionId: string }
  /** The agent has taken the turn's prompt: from here on it must not be given again. It is in the transcript with that; only words that steer, or that someone else typed, are told as `user` items. */
  | { readonly fact: "accepted"; readonly turn: string }
  /**
   * The agent began a turn that nobody asked Skein for: a person typed into its own terminal. It is taken already, and `text` is
   * their message; later facts, and what is asked of the driver, name the turn by `key`, unique in the generation. A prompt that was
   * handed over and not taken goes back to the queue, and is handed over again when this turn has ended.
   */
  | { readonly fact: "begun"; readonly key: string; readonly text: string }
  /** An item appeared or changed; `id` is stable, the newest body counts. `outside`: typed into the agent by someone else. */
  | { readonly fact: "item"; readonly id: string; readonly body: ItemBody }
  /** The agent waits for a decision. `request` is the driver's key for it, unique in the generation. */
  | {
      readonly fact: "asked";
      readonly request: string;
      readonly title: string;
      readonly approval: ApprovalRequest;
      readonly canAlways: boolean;
    }
  /** The agent no longer waits for that decision. No error when the key is not known. */
  | { readonly fact: "withdrawn"; readonly request: string; readonly reason: string }
  /** The turn is over. Exactly one for each accepted prompt, unless the process died. */
  | {
      readonly fact: "turn-ended";
      readonly turn: string;
      readonly outcome: TurnOutcome;
      readonly error: TurnError | null;
      readonly usage: TurnUsage | null;
    }
  /**
   * The turn goes on, and nothing shows that it gets on: `reason` says what it is waited for. null: it gets on again. It is what the
   * session's status says, for as long as the turn lasts.
   */
  | { readonly fact: "stalled"; readonly reason: string | null }
  /** Something worth a line to the person: a retry, a warning of the vendor. */
  | { readonly fact: "notice"; readonly level: "info" | "warning" | "error"; readonly text: string }
  /** The process is dead. `expected`: because of `stop`. Nothing of this generation is reported after it. */
  | {
      readonly fact: "exited";
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly expected: boolean;
      /** It was found dead, by a daemon that had not been there. */
      readonly unwitnessed: boolean;
      readonly reason: string;
    }
  /** Whether it lives cannot be told (a cut link). Deletes, prunes and restarts nothing. */
  | { readonly fact: "unreachable"; readonly reason: string }
  /** Its host answers again: it is what it was before that. */
  | { readonly fact: "reachable" };

/**
 * Facts that were read together, recorded in one transaction with the place up to which the agent's words have been read.
 * `checkpoint` is any JSON value of the driver's own (an offset and the fold's state); the next daemon gets the last
 * recorded one back in `SessionContext.checkpoint` and reads on from there: no gap, no duplicate.
 */
export type Report = {
  readonly facts: readonly Fact[];
  readonly checkpoint?: unknown;
  /** How these were learned; default: by the agent's protocol. */
  readonly source?: "protocol" | "hook" | "transcript" | "screen";
};

/** Words as they come: shown, never recorded. */
export type LiveDelta = {
  readonly item: string;
  readonly kind: "message" | "reasoning" | "output";
  readonly text: string;
};

export type SessionContext = {
  readonly session: {
    readonly id: string;
    readonly name: string;
    readonly folder: string;
    readonly model: string | null;
    readonly effort: string | null;
    readonly permissions: PermissionMode;
    /** One of the driver's `interfaces`. */
    readonly interface: SessionInterface;
    /** The command line of a session of the `terminal` backend; null for all others. */
    readonly program: Program | null;
    /** The vendor's id of this conversation; null before the first start. */
    readonly providerSessionId: string | null;
    /** With `how: "fork"`: the vendor's id of the conversation to copy. */
    readonly forkFrom: string | null;
  };
  readonly generation: number;
  readonly how: "new" | "resume" | "fork";
  /** The turn that was in progress when the last daemon left; null when none. */
  readonly turn: {
    readonly id: string;
    readonly prompt: string;
    readonly text: string;
    readonly accepted: boolean;
  } | null;
  readonly checkpoint: unknown;
  /** This generation's own folder, 0700, for spool and FIFO; made by whoever uses it. */
  readonly dir: string;
  readonly backend: BackendContext;
  /**
   * Records facts. Resolves once they are synced to disk; calls are recorded in their order. Rejects only when the
   * generation is over (stop reading, let go) or the daemon is stopping.
   */
  report(report: Report): Promise<void>;
  live(delta: LiveDelta): void;
  log(
    level: "debug" | "info" | "warn" | "error",
    message: string,
    fields?: Record<string, unknown>,
  ): void;
};

/** What a probe found. A backend that is not there is a finding, not a failure. */
export type ProbeResult = {
  readonly found: boolean;
  readonly command: string | null;
  readonly version: string | null;
  readonly login: "logged-in" | "api-key" | "logged-out" | "unknown";
  readonly loginDetail: string | null;
  readonly models: readonly Model[];
  readonly modelsSource: "asked" | "known-list";
  /** What the agent itself said that it can; absent: what the driver declares. */
  readonly capabilities?: Capabilities;
  readonly remedy: string | null;
};

/**
 * One generation of one session's agent. Methods are called one at a time, in order, by the daemon's effects; only `stop` overtakes
 * what is under way, also a `start`. After a `report` was refused because the generation is over, `stop` with force is called
 * once more, whatever was reported before: it ends what that start still brought about.
 * Each may be called again after a crash of the daemon, with the same arguments: it must then do nothing twice.
 */
export type AgentLink = {
  /**
   * Adopts what runs for this generation, else starts it. Reports `started` or `start-failed`; rejects never for reasons of the agent.
   * On a host that is away it rejects with `host_unreachable` and reports nothing: it is called again, on another link, on return.
   */
  start(): Promise<void>;
  /**
   * The daemon came back: adopt, never start. `alive`: reading on from the checkpoint. `dead`: whatever it had still written is
   * reported first, then `exited` with `unwitnessed`. `unknown`: `unreachable` is reported.
   */
  attach(): Promise<Liveness>;
  /** Hands the prompt over. Given again for the same turn it is delivered at most once. `accepted` is reported when the agent took it. */
  prompt(input: {
    readonly turn: string;
    readonly prompt: string;
    readonly text: string;
  }): Promise<void>;
  /** Adds words to the running turn. Only with the capability. Rejects with an AdapterFailure when the turn is over. */
  steer(input: {
    readonly turn: string;
    readonly prompt: string;
    readonly text: string;
  }): Promise<void>;
  /** Ends the running turn and all commands it runs; `turn-ended` (interrupted) follows. Nothing happens when the turn is over. */
  interrupt(input: { readonly turn: string }): Promise<void>;
  /** Tells the agent what was decided. Nothing happens when it no longer waits. */
  answer(input: {
    readonly request: string;
    readonly resolution: Resolution;
    readonly approval: ApprovalRequest;
  }): Promise<void>;
  /** Ends the process and everything it started; reports `exited` with `expected`. `force`: at once. Also for a generation that is dead: then only leftovers are removed. */
  stop(input: { readonly force: boolean }): Promise<void>;
  liveness(): Promise<Liveness>;
  /** The daemon leaves: lets go, harms nothing. */
  detach(): Promise<void>;
};

export type AgentDriver = {
  /** Backend id, such as `claude-code`. */
  readonly id: string;
  readonly title: string;
  /** The program that PATH is asked for when the configuration names none. */
  readonly program: string;
  /**
   * Its sessions name the program that runs in them (`SessionContext.session.program`), and `program` is only what is needed for that.
   * Such a program asks nobody, so nothing less than full permissions can be promised. Default: it runs its own.
   */
  readonly takesProgram?: true;
  /** Whose models it runs, as the price table calls them (`anthropic`); undefined: the model's name tells. */
  readonly vendor?: string;
  /** Environment variables that it may inherit from the daemon's environment, by prefix (`ANTHROPIC_`). */
  readonly envPrefixes: readonly string[];
  readonly capabilities: Capabilities;
  /** How its sessions can be held; the first is what a session gets that chose none. */
  readonly interfaces: readonly [SessionInterface, ...SessionInterface[]];
  /** Asks the agent for version, login and models, within `timing.startMs`. Starts no session and spends no tokens. Never rejects. */
  probe(context: BackendContext, signal: AbortSignal): Promise<ProbeResult>;
  /** Makes the link; does no I/O. */
  open(context: SessionContext): AgentLink;
  /** Its conversations that were begun without Skein; undefined: it cannot find them. */
  readonly outside?: Outside;
  /** A host was forgotten: lets go of what its sessions shared there, as `close` does. undefined: they share nothing. */
  forget?(host: string): Promise<void>;
  /** The daemon leaves: lets go of what is shared by sessions; harms nothing. */
  close(): Promise<void>;
};
