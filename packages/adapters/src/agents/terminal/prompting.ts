/** One prompt, typed once. */
import { LIMITS } from "@skein/contract";
import { pause, type Fact } from "@skein/sdk";
import { compact } from "./echo.ts";
import { tell, type Life } from "./life.ts";
import { markOf, typedSince } from "./reading.ts";
import { watchTurn } from "./turn.ts";
import { away, isUnanswered } from "./unanswered.ts";

/** Between the paste and Enter: a program that reads both in one go takes Enter for a part of the paste. */
const ENTER_MS = 120;
/** Kept over the end of a daemon. */
const ECHO_CHARS = 128 * 1024;

const type = async (life: Life, text: string, from: "none" | "typed"): Promise<void> => {
  const { terminals, clock } = life.context.backend;
  if (from === "none") {
    await terminals.paste(life.id, text);
    await pause(clock, ENTER_MS, life.leaving.signal);
  }
  await terminals.keys(life.id, ["Enter"]);
};

/** Rejects with host_unreachable where nobody answered: whether it was typed is to be seen later, or never known. */
const typeOrDoubt = async (life: Life, text: string, from: "none" | "typed"): Promise<void> => {
  try {
    await type(life, text, from);
  } catch (error) {
    const { turn } = life.state;
    if (isUnanswered(error) && turn !== null) {
      life.state = { ...life.state, turn: { ...turn, phase: "unsure" } };
      await tell(life, []);
    }
    throw away(life, error);
  }
};

/** It is not there, and typed again it might be there twice: it stays as a message, and a person looks. */
const leaveUnsure = async (life: Life, turn: string): Promise<void> => {
  const host = life.context.backend.host.id;
  const error = {
    kind: "agent" as const,
    message: `${host} did not answer while the prompt was typed: it may or may not have been typed.`,
    remedy:
      "Look at its terminal with `skein attach`, and send the prompt again if it is not there.",
  };
  life.state = { ...life.state, turn: null };
  const end: Fact = { fact: "turn-ended", turn, outcome: "failed", error, usage: null };
  await tell(life, [{ fact: "accepted", turn }, end]);
};

/**
 * Types the prompt, once: where a daemon died in the middle of that, or nobody answered, the screen tells how far it got. Rejects
 * with host_unreachable while nobody answers, and is to be called again then.
 */
export const typePrompt = async (life: Life, turn: string, text: string): Promise<void> => {
  const { terminals } = life.context.backend;
  const known = life.state.turn?.id === turn ? life.state.turn : null;
  if (known?.phase === "typed") return;
  const screen = await terminals
    .screen(life.id, LIMITS.terminalHistory)
    .catch((error: unknown) => Promise.reject(away(life, error)));
  const from = known === null ? "none" : typedSince(known.mark, screen, text);
  if (known?.phase === "unsure" && from === "none") return leaveUnsure(life, turn);
  const mark = known?.mark ?? markOf(screen);
  const echo = compact(text).slice(0, ECHO_CHARS);
  life.state = { ...life.state, turn: { id: turn, echo, mark, phase: "typing" } };
  if (known === null) await tell(life, []);
  if (from !== "entered") await typeOrDoubt(life, text, from);
  life.state = { ...life.state, turn: { id: turn, echo, mark, phase: "typed" } };
  await tell(life, [{ fact: "accepted", turn }]);
  await watchTurn(life);
};
