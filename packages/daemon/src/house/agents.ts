/** The agents that are built in. A new one is one new folder of the adapters and one line here: all else its driver declares. */
import {
  makeAcpDrivers,
  makeClaudeCodeDriver,
  makeCodexDriver,
  makeTerminalDriver,
} from "@skein/adapters";
import type { AgentDriver } from "@skein/sdk";

/** `configured`: the ids that the configuration has something to say about; a driver of many agents makes more of them. */
export const makeDrivers = (configured: readonly string[]): readonly AgentDriver[] => [
  makeClaudeCodeDriver(),
  makeCodexDriver(),
  ...makeAcpDrivers(configured),
  makeTerminalDriver(),
];

/** Those of `configured` that are agents, and all others that there are. */
export const agentIds = (configured: readonly string[]): readonly string[] =>
  makeDrivers(configured).map(({ id }) => id);
