/** A scenario's agents on the far side of ssh: a real sshd on loopback, with a home folder of its own. */
import { startSshd, type SshdOptions } from "@skein/sdk/testkit";
import type { FarHost } from "../scenarios/house.ts";
import type { Fixture } from "../scenarios/stage.ts";

export const openFar = async (options: SshdOptions = {}): Promise<FarHost> => {
  const sshd = await startSshd(options);
  return {
    name: sshd.name,
    config: sshd.config,
    close: () => sshd[Symbol.asyncDispose](),
  };
};

/** The same agent, somewhere else. */
export const overSsh = (fixture: Fixture): Fixture => ({
  ...fixture,
  far: () => openFar({ env: { LANG: "C.UTF-8" } }),
});

/** What the way there could spoil: words in order, answers to questions, ends of commands, lives and deaths on either side. */
const ESSENTIAL = [
  "answers a prompt",
  "three prompts are worked off in order, one at a time",
  "a turn is interrupted in the middle of its words",
  "an interrupt ends the command that runs",
  "an edit is asked, and made when it is allowed",
  "an edit that is denied is not made, and the turn goes on",
  "a command is asked, and runs when it is allowed",
  "a question is answered",
  "stopped and resumed, it remembers",
  "a fork remembers, and leaves the original as it was",
  "kill -9 of the daemon in the middle of a turn loses and repeats nothing",
  "an approval outlives kill -9 of the daemon and is answered after it",
  "kill -9 of the agent with a command alive: told within 2 s, nothing left, history kept",
];

/** A real agent, which plays all of it on this machine: there, what the place could spoil. */
export const inShortOverSsh = (fixture: Fixture): Fixture => ({
  ...overSsh(fixture),
  only: ESSENTIAL,
});
