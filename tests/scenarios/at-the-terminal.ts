/** What a TUI adds: someone sits at its terminal, too. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import type { Agent } from "./agent.ts";
import { dataOf, type Seen } from "./events.ts";
import type { House } from "./house.ts";
import { exists } from "./permissions.ts";
import { isWhole, saidByUser } from "./remains.ts";
import type { Fixture } from "./stage.ts";
import type { Step } from "./step.ts";

/** As tmux would be used by hand: on Skein's socket, in the pane that carries the terminal's id. */
const tmux = async (house: House, ...args: readonly string[]): Promise<string> => {
  const socket = join(house.home, "run", "tmux");
  return (await promisify(execFile)("tmux", ["-S", socket, ...args])).stdout;
};

const paneOf = async (house: House, { id }: Agent): Promise<string> => {
  const wanted = id.replace(/^ses_/, "trm_");
  const panes = await tmux(house, "list-panes", "-a", "-F", "#{@skein} #{pane_id}");
  const found = panes.split("\n").find((line) => line.startsWith(`${wanted} `));
  if (found === undefined) throw new Error(`no terminal of ${id}:\n${panes}`);
  return found.split(" ")[1]!;
};

/** Each call of tmux is a keystroke of its own. */
const press = async (house: House, agent: Agent, ...keys: readonly string[]): Promise<void> => {
  const pane = await paneOf(house, agent);
  for (const key of keys) await tmux(house, "send-keys", "-t", pane, key);
};

/** A person types, and looks at what they typed before they press Enter. */
const type = async (house: House, agent: Agent, text: string): Promise<void> => {
  const pane = await paneOf(house, agent);
  await tmux(house, "send-keys", "-l", "-t", pane, text);
  for (let look = 0; look < 200; look += 1)
    if ((await tmux(house, "capture-pane", "-p", "-t", pane)).includes(text)) break;
  await tmux(house, "send-keys", "-t", pane, "Enter");
};

/** Pasted, and left there when it is seen. */
const draft = async (house: House, agent: Agent, text: string): Promise<void> => {
  const pane = await paneOf(house, agent);
  await tmux(house, "set-buffer", "-b", "draft", text);
  await tmux(house, "paste-buffer", "-p", "-r", "-d", "-b", "draft", "-t", pane);
  const last = text.split("\n").at(-1)!.slice(0, 40);
  for (let look = 0; look < 200; look += 1)
    if ((await tmux(house, "capture-pane", "-p", "-t", pane)).includes(last)) return;
  throw new Error(`the draft is not shown: ${text}`);
};

const turnsEnded = (agent: Agent): number =>
  agent.events().filter((event) => event.type === "session.turn.ended").length;

const untilEnded = async (agent: Agent, turns: number): Promise<void> => {
  let seen = 0;
  const isNth = (event: Seen): boolean => event.type === "session.turn.ended" && ++seen === turns;
  await agent.until(`the end of turn ${turns}`, isNth);
};

const expiryOf = async (agent: Agent): Promise<string> => {
  const event = await agent.until("an approval expires", ({ type }) => type === "approval.expired");
  return dataOf(event, "approval.expired")!.reason;
};

const isOutOfReach = (event: Seen): boolean =>
  dataOf(event, "session.status")?.reason.includes("unreachable: tmux on local") === true;

const atClaudeCode: readonly Step[] = [
  {
    name: "its terminal can be opened while it starts",
    run: async ({ create, house }) => {
      const agent = await create();
      const { terminal } = await house.call("terminals.open", { session: agent.id });
      expect(terminal).toMatchObject({ runs: "agent", state: "running" });
      expect((await agent.say("SAY one")).answer).toBe("one");
    },
  },
  {
    name: "what a person types at the terminal is their message, with a turn of its own",
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      await type(house, agent, "SAY typed");
      await untilEnded(agent, 2);
      const items = await agent.items();
      const bodies = items.map(({ body }) => ("text" in body ? [body.kind, body.text] : []));
      expect(bodies).toEqual([
        ["user", "SAY one"],
        ["message", "one"],
        ["user", "SAY typed"],
        ["message", "typed"],
      ]);
      expect(items[2]?.body).toMatchObject({ how: "outside" });
      const { turns, lastTurn, usage } = await agent.view();
      expect(turns).toBe(2);
      expect(lastTurn).toMatchObject({ outcome: "completed", usage: stage.fixture.tokens });
      expect(usage.outputTokens).toBe(2 * stage.fixture.tokens!.outputTokens);
      expect((await agent.say("COUNT")).answer).toBe("3");
      await isWhole(stage, agent);
    },
  },
  {
    name: "what is sent while a person's turn runs waits for its end; it is interrupted like any other",
    run: async ({ create, house }) => {
      const agent = await create();
      await agent.state("idle");
      await type(house, agent, "SLOW 30");
      await agent.state("working");
      const { prompt, delivery } = await agent.send("COUNT");
      expect(delivery).toBe("queued");
      await house.call("sessions.interrupt", { session: agent.id });
      const turn = await agent.ended(prompt);
      expect(turn).toMatchObject({ number: 2, outcome: "completed" });
      // Interrupted before its first word, the CLI forgets a prompt.
      expect(await agent.answer(turn)).toMatch(/^[12]$/);
      expect((await agent.view()).turns).toBe(2);
    },
  },
  {
    name: "a dialog that is allowed at the terminal: the approval is taken back, and says why",
    run: async ({ create, house }) => {
      const agent = await create();
      const file = join(agent.folder, "made");
      const { prompt } = await agent.send(`RUN touch ${file}`);
      const approval = await agent.asked();
      await press(house, agent, "1");
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "completed" });
      expect(await expiryOf(agent)).toBe("allowed at the terminal");
      expect(await exists(file)).toBe(true);
      await expect(agent.resolve(approval, "deny")).rejects.toThrow(/expired/);
      expect((await agent.say("COUNT")).answer).toBe("2");
    },
  },
  {
    name: "a dialog that is refused at the terminal ends the turn, and nothing was done",
    run: async ({ create, house }) => {
      const agent = await create();
      const file = join(agent.folder, "made");
      const { prompt } = await agent.send(`RUN touch ${file}`);
      await agent.asked();
      await press(house, agent, "Escape");
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "interrupted" });
      expect((await agent.view()).approvals).toEqual([]);
      expect(await exists(file)).toBe(false);
      expect((await agent.say("say PONG")).answer).toBe("PONG");
    },
  },
  {
    name: "a turn that a person interrupts at the terminal is told as interrupted",
    run: async ({ create, house }) => {
      const agent = await create();
      const { prompt } = await agent.send("SLOW 30");
      await agent.speaks();
      await press(house, agent, "Escape");
      expect(await agent.ended(prompt)).toMatchObject({ outcome: "interrupted" });
      expect((await agent.say("say PONG")).answer).toBe("PONG");
    },
  },
  {
    name: "prompts arrive as they were written, whatever they look like to a terminal",
    run: async ({ create }) => {
      const agent = await create();
      const texts = [
        `ECHO "double" 'single' \`tick\` $(id) $HOME \\n \\ *`,
        "ECHO one\ntwo\n\nfour",
        "/ECHO is no command",
        "! ECHO runs nothing",
        "# ECHO is no note",
        "ECHO ends with a backslash \\",
        "ECHO ends with @",
        "ECHO ends with /",
        `ECHO ${Array.from({ length: 12_000 }, (_, index) => index).join(" ")} end`,
        `ECHO ${Array.from({ length: 600 }, (_, index) => `line ${index}`).join("\n")}`,
      ];
      for (const text of texts) {
        const { turn, answer } = await agent.say(text);
        expect(turn.outcome).toBe("completed");
        expect(answer.trim()).toBe(text);
      }
      // Control characters are no text; what ends a paste does not end this one.
      const { answer } = await agent.say("ECHO a\u001b[201~b\u0003c\u0007d\r\ne");
      expect(answer.replace(/[^\w ]/g, "")).toMatch(/^ECHO a(201)?bcde$/);
      expect(await saidByUser(agent)).toHaveLength(texts.length + 1);
    },
  },
  {
    name: "what someone has begun to type there is no part of a prompt, however many lines it has; it is kept in the history",
    run: async ({ create, house }) => {
      const agent = await create();
      await agent.say("SAY one");
      await draft(house, agent, "half a thought\nof many\nlines");
      await press(house, agent, "Up", "Left", "Left");
      expect((await agent.say("SAY two")).answer).toBe("two");
      const file = join(agent.folder, "made");
      await press(house, agent, "!");
      await draft(house, agent, `touch ${file}`);
      expect((await agent.say("SAY three")).answer).toBe("three");
      expect(await saidByUser(agent)).toEqual(["SAY one", "SAY two", "SAY three"]);
      expect(await exists(file)).toBe(false);
    },
  },
  {
    name: "kill -9 of the daemon while it types: the prompt is given once",
    alone: {},
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      let sent = 1;
      for (const isWaitedFor of [
        ({ type }: Seen) => type === "session.turn.started",
        ({ type }: Seen) => type === "session.prompt.accepted",
        ({ type }: Seen) => type === "session.prompt.queued",
      ]) {
        const ended = turnsEnded(agent);
        const before = agent.events().length;
        const { prompt } = await agent.send(`SAY ${++sent}`);
        let at = 0;
        await agent.until("the moment", (event) => ++at > before && isWaitedFor(event));
        await house.kill9();
        await house.restart();
        expect(await agent.answer(await agent.ended(prompt))).toBe(String(sent));
        expect(turnsEnded(agent)).toBe(ended + 1);
      }
      expect((await agent.say("COUNT")).answer).toBe("5");
      await isWhole(stage, agent);
    },
  },
  {
    name: "a tmux that is stopped for longer than its calls may take: prompts and starts wait, say so, and are done once",
    alone: {},
    run: async (stage) => {
      const { create, house } = stage;
      const agent = await create();
      await agent.say("SAY one");
      const server = Number(await tmux(house, "display-message", "-p", "#{pid}"));
      process.kill(server, "SIGSTOP");
      const [{ prompt: first }, { prompt: second }] = [
        await agent.send("SAY p1"),
        await agent.send("SAY p2"),
      ];
      const late = await create();
      try {
        for (const one of [agent, late]) await one.until("it says so", isOutOfReach);
        expect((await agent.view()).unreachable).not.toBe(null);
        expect((await late.view()).status.state).toBe("starting");
      } finally {
        process.kill(server, "SIGCONT");
      }
      expect(await agent.answer(await agent.ended(first))).toBe("p1");
      expect(await agent.answer(await agent.ended(second))).toBe("p2");
      expect(await saidByUser(agent)).toEqual(["SAY one", "SAY p1", "SAY p2"]);
      expect((await agent.view()).unreachable).toBe(null);
      expect((await late.say("SAY late")).answer).toBe("late");
      const { prompt: slow } = await agent.send("SLOW 30");
      await agent.speaks();
      process.kill(server, "SIGSTOP");
      const seen = agent.events().length;
      let at = 0;
      try {
        await house.call("sessions.interrupt", { session: agent.id });
        await agent.until("it says so again", (event) => ++at > seen && isOutOfReach(event));
      } finally {
        process.kill(server, "SIGCONT");
      }
      expect(await agent.ended(slow)).toMatchObject({ outcome: "interrupted" });
      expect((await agent.say("SAY last")).answer).toBe("last");
      for (const one of [agent, late]) await isWhole(stage, one);
    },
  },
  {
    name: "ended at its terminal, it has stopped, not failed, and comes back with the next prompt",
    run: async ({ create, house }) => {
      const agent = await create();
      await agent.say("SAY one");
      await press(house, agent, "C-c", "C-c");
      const { reason } = await agent.state("stopped");
      expect(reason).toContain("ended at its terminal");
      expect((await agent.say("COUNT")).answer).toBe("2");
      await type(house, agent, "/exit");
      expect((await agent.state("stopped")).reason).toContain("ended at its terminal");
      expect((await agent.say("COUNT")).answer).toBe("3");
    },
  },
];

const isTui = ({ id, create }: Fixture): boolean =>
  id === "claude-code" && create?.interface === "tui";

/** Keys and dialogs are one vendor's own. */
export const sitting: readonly Step[] = atClaudeCode.map((step) => ({ ...step, when: isTui }));
