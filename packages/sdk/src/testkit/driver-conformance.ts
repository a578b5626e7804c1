/**
 * What every driver must do, whatever it drives: the laws that stand in `driver.ts`, one by one, over one suite. What an agent can
 * say and do is not looked at here: that is the scenario's (tests/scenarios), which plays a whole daemon.
 */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { BackendContext } from "../backend-context.ts";
import type { AgentDriver, SessionContext } from "../driver.ts";
import { isAdapterFailure, isHostAway } from "../failure.ts";
import { makeRecord, play, type Played, type Recorded, type Wish } from "./driver/play.ts";
import { settled } from "./settled.ts";

export { makeCuttable, type CuttableHost } from "./driver/away.ts";

/** A place with everything that the driver needs. Disposed: every process of it is ended, and the folder removed. */
export type DriverBench = AsyncDisposable & {
  /** Its host is one that can be cut. */
  readonly backend: BackendContext;
  /** The driver of the daemon that comes after knows nothing of an earlier one. */
  makeDriver(): AgentDriver;
  /** A folder for work and for spools. */
  readonly place: string;
  /** Pids of the agents' processes and of all that they started, the oldest first; asked past the driver. */
  agents(): Promise<readonly number[]>;
  cut(): void;
  mend(): void;
};

export type DriverUnderTest = {
  readonly name: string;
  readonly makeBench: () => Promise<DriverBench>;
  /** Prompts: one that is answered at once, and one that goes on for half a minute or until it is interrupted. */
  readonly words: { readonly quick: string; readonly slow: string };
  /** What its sessions need beside a folder. */
  readonly session?: Partial<SessionContext["session"]>;
  /** As its capability `resume` says. */
  readonly resumes: boolean;
};

const SESSION: SessionContext["session"] = {
  id: "ses_conformance",
  name: "fizz-top",
  folder: "",
  model: null,
  effort: null,
  permissions: "full",
  interface: "protocol",
  program: null,
  providerSessionId: null,
  forkFrom: null,
};

const patienceMs = 20_000;
/** An orphan whose new parent never asks for its end is known for ever. */
const reapMs = 3_000;

/** Whether the kernel still has it: running, or dead and not asked for. */
const isKnown = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** One session's stage: generations of it, and daemons that come and go. */
const makeStage = (bench: DriverBench, subject: DriverUnderTest) => {
  const all: Played[] = [];
  const hold = async (
    generation: number,
    how: Wish["how"],
    record: Recorded,
    command = bench.backend.command,
  ): Promise<Played> => {
    const driver = bench.makeDriver();
    const session = {
      ...SESSION,
      interface: driver.interfaces[0],
      ...subject.session,
      folder: join(bench.place, "work"),
    };
    // The program of a terminal is the session's own.
    const { program } = session;
    const isOther = command !== bench.backend.command && program !== null && command !== null;
    const chosen = isOther ? { ...session, program: { ...program, argv: [...command] } } : session;
    const dir = join(bench.place, "spool", String(generation));
    const backend = { ...bench.backend, command };
    const played = await play({ driver, backend, record, generation, how, session: chosen, dir });
    all.push(played);
    return played;
  };
  const started = async (generation = 1, how: Wish["how"] = "new", provider?: string | null) => {
    const record = makeRecord();
    record.provider = provider ?? null;
    const agent = await hold(generation, how, record);
    await agent.link.start();
    await agent.told("started");
    return {
      agent,
      record,
      /** The daemon dies and another one comes: nothing is attached yet. */
      next: async (dying: Played = agent): Promise<Played> => {
        await dying.die();
        return hold(generation, how, record);
      },
    };
  };
  return {
    hold,
    started,
    close: async (): Promise<void> => {
      for (const one of all) await one.die();
      expect(all.flatMap((one) => one.broken())).toEqual([]);
    },
  };
};

type Stage = ReturnType<typeof makeStage>;

export const driverConformance = (subject: DriverUnderTest): void => {
  const { name, words } = subject;
  const law = (says: string, run: (stage: Stage, bench: DriverBench) => Promise<void>): void => {
    test.each([says])("%s", { timeout: 90_000 }, async () => {
      await using bench = await subject.makeBench();
      expect(bench.makeDriver().capabilities.resume).toBe(subject.resumes);
      const stage = makeStage(bench, subject);
      await run(stage, bench);
      await stage.close();
    });
  };
  const kill = async (bench: DriverBench): Promise<void> => {
    const running = await settled(
      () => bench.agents(),
      (pids) => pids.length > 0,
    );
    expect(running).not.toEqual([]);
    for (const pid of running) process.kill(pid, "SIGKILL");
    await noneLeft(bench);
    // Whoever started it has to be told by the kernel before anyone can know: tmux takes its time.
    await settled(
      async () => running.filter(isKnown),
      (known) => known.length === 0,
      reapMs,
    );
  };
  const noneLeft = async (bench: DriverBench): Promise<void> => {
    const left = await settled(
      () => bench.agents(),
      (pids) => pids.length === 0,
    );
    expect(left).toEqual([]);
  };

  describe(`${name} keeps the laws of a driver`, () => {
    describe("probe and open", () => {
      law("a probe of a program that is not there is a finding with a remedy", async (_, bench) => {
        const found = await bench
          .makeDriver()
          .probe({ ...bench.backend, command: null }, AbortSignal.timeout(patienceMs));
        expect(found).toMatchObject({ found: false, command: null, version: null });
        expect(found.remedy).toMatch(/\S/);
      });

      law("a probe tells a version and leaves nothing running", async (_, bench) => {
        const signal = AbortSignal.timeout(patienceMs);
        const found = await bench.makeDriver().probe(bench.backend, signal);
        expect(found).toMatchObject({ found: true, version: expect.stringMatching(/\d/) });
        await noneLeft(bench);
      });

      law("opening a link starts nothing and tells nothing", async ({ hold }, bench) => {
        const agent = await hold(1, "new", makeRecord());
        expect([await bench.agents(), agent.facts]).toEqual([[], []]);
      });
    });

    describe("start", () => {
      law("asked for twice starts one agent", async ({ started }, bench) => {
        const { agent, next } = await started();
        const [leader] = await bench.agents();
        await agent.link.start();
        const after = await next();
        await after.link.start();
        const turn = await after.prompt(words.quick);
        expect(await after.ended(turn)).toMatchObject({ outcome: "completed" });
        expect((await bench.agents())[0]).toBe(leader);
      });

      law("overtaken by a stop leaves no agent", async ({ hold }, bench) => {
        const agent = await hold(1, "new", makeRecord());
        await Promise.all([agent.link.start(), agent.link.stop({ force: true })]);
        // What the start still told was refused: the daemon ends once more what it brought about.
        await agent.link.stop({ force: true });
        await noneLeft(bench);
      });

      law(
        "whose generation is over leaves no agent once it is stopped",
        async ({ hold }, bench) => {
          const agent = await hold(1, "new", makeRecord());
          agent.over();
          await agent.link.start();
          await agent.link.stop({ force: true });
          expect(agent.facts).toEqual([]);
          await noneLeft(bench);
        },
      );

      law(
        "on a host that is away rejects and tells nothing, and is made up for on return",
        async ({ hold }, bench) => {
          const record = makeRecord();
          const agent = await hold(1, "new", record);
          bench.cut();
          const refused: unknown = await agent.link.start().catch((error: unknown) => error);
          expect([isHostAway(refused), agent.facts]).toEqual([true, []]);
          await agent.die();
          bench.mend();
          const after = await hold(1, "new", record);
          await after.link.start();
          await after.told("started");
          expect(await after.ended(await after.prompt(words.quick))).toMatchObject({
            outcome: "completed",
          });
        },
      );

      law("of what cannot run is told as failed, and does not reject", async ({ hold }, bench) => {
        const nowhere = join(bench.place, "nothing-here");
        const agent = await hold(1, "new", makeRecord(), [nowhere]);
        await agent.link.start();
        const { message, remedy } = await agent.told("start-failed");
        const words = expect.stringMatching(/\S/) as unknown;
        expect([message, remedy]).toEqual([words, words]);
        await noneLeft(bench);
      });
    });

    describe("prompt", () => {
      law("is accepted, ends once, and another one follows", async ({ started }) => {
        const { agent } = await started();
        for (const text of [words.quick, words.quick]) {
          const turn = await agent.prompt(text);
          await agent.told("accepted", (fact) => fact.turn === turn);
          expect(await agent.ended(turn)).toMatchObject({ outcome: "completed", error: null });
        }
        expect(agent.count("turn-ended")).toBe(2);
      });

      law("given twice for the same turn is delivered once", async ({ started }) => {
        const { agent, next } = await started();
        const turn = await agent.prompt(words.slow);
        await agent.told("accepted");
        await agent.again(turn);
        const after = await next();
        expect(await after.link.attach()).toBe("alive");
        await after.again(turn);
        await after.link.interrupt({ turn });
        await after.ended(turn);
        const last = await after.prompt(words.quick);
        await after.ended(last);
        expect(after.count("accepted")).toBe(2);
      });
    });

    describe("interrupt", () => {
      law("ends the turn and keeps the agent", async ({ started }) => {
        const { agent } = await started();
        const turn = await agent.prompt(words.slow);
        await agent.told("accepted");
        await agent.link.interrupt({ turn });
        expect(await agent.ended(turn)).toMatchObject({ outcome: "interrupted" });
        expect(await agent.link.liveness()).toBe("alive");
        const next = await agent.prompt(words.quick);
        expect(await agent.ended(next)).toMatchObject({ outcome: "completed" });
      });

      law(
        "after the end of its turn does nothing, to that turn or the next",
        async ({ started }) => {
          const { agent } = await started();
          const turn = await agent.prompt(words.quick);
          await agent.ended(turn);
          await agent.link.interrupt({ turn });
          const next = await agent.prompt(words.quick);
          await agent.link.interrupt({ turn });
          expect(await agent.ended(next)).toMatchObject({ outcome: "completed" });
          expect(agent.count("turn-ended")).toBe(2);
        },
      );
    });

    describe("steer", () => {
      law("of a turn that is over is refused by an AdapterFailure", async ({ started }) => {
        const { agent } = await started();
        const turn = await agent.prompt(words.quick);
        await agent.ended(turn);
        const refused = await agent.link
          .steer({ turn, prompt: "prm_late", text: "late words" })
          .then(() => "taken", isAdapterFailure);
        expect(refused).toBe(true);
      });
    });

    describe("a decision", () => {
      law("that nobody waits for changes nothing", async ({ started }) => {
        const { agent } = await started();
        await agent.link.answer({
          request: "nobody-asked",
          approval: { kind: "command", command: "ls", argv: null, folder: null, reason: null },
          resolution: {
            decision: "allow",
            message: null,
            answers: null,
            by: "test",
            at: "2026-01-01T00:00:00.000Z",
          },
        });
        const turn = await agent.prompt(words.quick);
        expect(await agent.ended(turn)).toMatchObject({ outcome: "completed" });
      });
    });

    describe("detach", () => {
      law(
        "harms nothing, in the middle of a turn either, and tells nothing",
        async ({ started }, bench) => {
          const { agent, next } = await started();
          const turn = await agent.prompt(words.slow);
          await agent.told("accepted");
          const [[leader], told] = [await bench.agents(), agent.facts.length];
          const after = await next();
          expect((await bench.agents())[0]).toBe(leader);
          expect(agent.facts.length).toBe(told);
          expect(await after.link.attach()).toBe("alive");
          await after.link.interrupt({ turn });
          expect(await after.ended(turn)).toMatchObject({ outcome: "interrupted" });
        },
      );

      law("twice is once", async ({ started }) => {
        const { agent } = await started();
        await agent.link.detach();
        await agent.link.detach();
        expect(agent.count("exited")).toBe(0);
      });
    });

    describe("attach", () => {
      law(
        "to one that lives goes on where it was, and starts nothing",
        async ({ started }, bench) => {
          const { agent, next } = await started();
          await agent.ended(await agent.prompt(words.quick));
          const [leader] = await bench.agents();
          const after = await next();
          expect(await after.link.attach()).toBe("alive");
          expect((await bench.agents())[0]).toBe(leader);
          expect(await after.ended(await after.prompt(words.quick))).toMatchObject({
            outcome: "completed",
          });
          expect(after.count("turn-ended")).toBe(2);
        },
      );

      law(
        "to one that died meanwhile tells its end last, as unwitnessed",
        async ({ started }, bench) => {
          const { agent, next } = await started();
          await agent.ended(await agent.prompt(words.quick));
          const after = await next();
          await kill(bench);
          expect(await after.link.attach()).toBe("dead");
          expect(after.facts.at(-1)).toMatchObject({ fact: "exited", unwitnessed: true });
          expect(await bench.agents()).toEqual([]);
        },
      );

      law("to one that was never started starts nothing", async ({ hold }, bench) => {
        const agent = await hold(1, "new", makeRecord());
        expect(await agent.link.attach()).toBe("dead");
        expect(await bench.agents()).toEqual([]);
      });

      law(
        "across a cut link is unknown: nothing is started, nothing ended",
        async ({ started, hold }, bench) => {
          const { agent, record, next } = await started();
          await agent.ended(await agent.prompt(words.quick));
          const [leader] = await bench.agents();
          const cut = await next();
          bench.cut();
          expect(await cut.link.attach()).toBe("unknown");
          expect(cut.facts.at(-1)).toMatchObject({ fact: "unreachable" });
          expect((await bench.agents())[0]).toBe(leader);
          await cut.die();
          bench.mend();
          const after = await hold(1, "new", record);
          expect(await after.link.attach()).toBe("alive");
          const turn = await after.prompt(words.quick);
          expect(await after.ended(turn)).toMatchObject({ outcome: "completed" });
        },
      );
    });

    describe("an end", () => {
      law("by a stop is expected, is told last, and leaves nothing", async ({ started }, bench) => {
        const { agent } = await started();
        await agent.prompt(words.slow);
        await agent.told("accepted");
        await agent.link.stop({ force: false });
        expect(await agent.told("exited")).toMatchObject({ expected: true, unwitnessed: false });
        expect(await agent.link.liveness()).toBe("dead");
        expect(agent.facts.at(-1)?.fact).toBe("exited");
        await noneLeft(bench);
      });

      law(
        "by kill -9 in a turn is told, as one that nobody wished for",
        async ({ started }, bench) => {
          const { agent } = await started();
          await agent.prompt(words.slow);
          await agent.told("accepted");
          await kill(bench);
          expect(await agent.told("exited")).toMatchObject({ expected: false, unwitnessed: false });
          await noneLeft(bench);
        },
      );

      law(
        "asked for of one that is dead removes what is left, and rejects not",
        async ({ started }, bench) => {
          const { agent, next } = await started();
          await kill(bench);
          await agent.told("exited");
          await agent.link.stop({ force: true });
          const after = await next();
          await after.link.stop({ force: true });
          expect(agent.count("exited")).toBe(1);
          await noneLeft(bench);
        },
      );

      const next = subject.resumes ? "remembers" : "begins anew";
      law(`is followed by a next life, which ${next}`, async ({ started }) => {
        const { agent, record } = await started();
        await agent.ended(await agent.prompt(words.quick));
        await agent.link.stop({ force: false });
        await agent.told("exited");
        const again = await started(2, subject.resumes ? "resume" : "new", record.provider);
        const turn = await again.agent.prompt(words.quick);
        expect(await again.agent.ended(turn)).toMatchObject({ outcome: "completed" });
        expect(again.record.provider).toBe(record.provider);
      });

      law(
        "of a generation that is over is not told: the link lets go",
        async ({ started }, bench) => {
          const { agent } = await started();
          agent.over();
          const told = agent.facts.length;
          await agent.prompt(words.quick).catch(() => undefined);
          await agent.link.stop({ force: true });
          expect(agent.facts.length).toBe(told);
          await noneLeft(bench);
        },
      );
    });
  });
};
