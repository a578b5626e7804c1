/** What is there of a session when the test looks from outside: its processes, its spool, its transcript. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { Agent } from "./agent.ts";
import type { House } from "./house.ts";
import { agentProcesses, untilTrue, type Marked } from "./processes.ts";
import type { Stage } from "./stage.ts";

/** The process that the session's words come from: its own, or the server that it shares. */
export const processOf = async ({ house, fixture }: Stage, agent: Agent): Promise<Marked> => {
  const all = await agentProcesses(house.agentHome);
  const mine = all.filter(({ session }) =>
    fixture.sharesProcess ? session?.startsWith(`${fixture.id}-server`) : session === agent.id,
  );
  // The oldest of the marked ones leads.
  const found = mine.toSorted((a, b) => a.started - b.started || a.pid - b.pid)[0];
  if (found === undefined) throw new Error(`no process of ${agent.name} is alive`);
  return found;
};

export const processesOf = async (house: House, agent: Agent): Promise<Marked[]> =>
  (await agentProcesses(house.agentHome)).filter(({ session }) => session === agent.id);

export const nothingLeft = async ({ house, fixture }: Stage, agent: Agent): Promise<void> => {
  if (!fixture.sharesProcess)
    await untilTrue(
      "its processes are gone",
      async () => (await processesOf(house, agent)).length === 0,
      3_000,
    );
};

/** What must hold whatever was killed: each item once, orders dense, the log without a hole. */
export const isWhole = async ({ house }: Pick<Stage, "house">, agent: Agent): Promise<void> => {
  const items = await agent.items();
  expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
  expect(items.map(({ order }) => order)).toEqual(items.map((_, index) => index + 1));
  expect(agent.events().map(({ seq }) => seq)).toEqual(agent.events().map((_, index) => index + 1));
  expect(house.log.faults).toEqual([]);
};

export const saidByUser = async (agent: Agent): Promise<string[]> =>
  (await agent.items()).flatMap(({ body }) => (body.kind === "user" ? [body.text] : []));

/** The spool holds folders of living generations only. */
export const leavesNoFolder = async (house: House): Promise<void> => {
  // On a far host it is made with the first folder in it.
  const sessions = await readdir(join(house.agentHome, "spool")).catch(() => []);
  for (const session of sessions)
    expect((await readdir(join(house.agentHome, "spool", session))).length).toBeLessThanOrEqual(1);
};
