/** Views as a daemon would answer them, each whole and valid by the contract. */
import {
  noUsage,
  type Approval,
  type Backend,
  type Item,
  type Session,
  type Turn,
} from "@skein/contract";

const AT = "2026-11-20T10:00:00.000Z";

/** An id that says in the failure of a test whose it is. */
export const id = (prefix: string, word: string): string =>
  `${prefix}_${word
    .replace(/[^0-9a-z]/g, "")
    .padEnd(26, "0")
    .slice(0, 26)}`;

export const session = (name: string, more: Partial<Session> = {}): Session => ({
  id: id("ses", name),
  name,
  backend: "claude-code",
  host: "local",
  folder: "/srv/shop",
  interface: "protocol",
  program: null,
  container: null,
  group: null,
  unreachable: null,
  model: null,
  effort: null,
  permissions: "guarded",
  description: null,
  tags: [],
  parent: null,
  forkedFrom: null,
  generation: 1,
  providerSessionId: null,
  status: {
    state: "idle",
    waitingFor: null,
    reason: "ready for a prompt",
    source: "protocol",
    since: AT,
  },
  turn: null,
  lastTurn: null,
  turns: 0,
  queued: 0,
  approvals: [],
  goal: null,
  usage: noUsage,
  createdAt: AT,
  activeAt: AT,
  deletedAt: null,
  ...more,
});

export const turn = (word: string, more: Partial<Turn> = {}): Turn => ({
  id: id("trn", word),
  number: 1,
  prompt: id("prm", word),
  startedAt: AT,
  endedAt: "2026-11-20T10:00:05.000Z",
  outcome: "completed",
  error: null,
  usage: null,
  ...more,
});

export const approval = (
  name: string,
  word: string,
  request: Approval["request"],
  more: Partial<Approval> = {},
): Approval => ({
  id: id("apr", word),
  session: id("ses", name),
  sessionName: name,
  turn: null,
  generation: 1,
  title: "Run a command",
  request,
  canAlways: true,
  state: "open",
  requestedAt: AT,
  resolution: null,
  expired: null,
  ...more,
});

export const command = (text: string): Approval["request"] => ({
  kind: "command",
  command: text,
  argv: null,
  folder: "/srv/shop",
  reason: null,
});

export const colour: Approval["request"] = {
  kind: "question",
  questions: [
    {
      id: "q-colour",
      question: "Which colour?",
      header: "Colour",
      options: [
        { label: "Red", description: "as fire" },
        { label: "Blue", description: null },
      ],
      many: false,
      free: false,
    },
  ],
};

export const item = (order: number, body: Item["body"]): Item => ({
  id: `item-${order}`,
  turn: null,
  order,
  at: AT,
  truncated: false,
  body,
});

export const backend = (more: Partial<Backend> = {}): Backend => ({
  id: "claude-code",
  host: "local",
  interfaces: ["protocol"],
  title: "Claude Code",
  found: true,
  command: "/usr/bin/claude",
  version: "2.1.197",
  login: "api-key",
  loginDetail: null,
  models: [
    { id: "opus", title: "Opus", isDefault: true, efforts: ["low", "high"], defaultEffort: "low" },
  ],
  modelsSource: "asked",
  capabilities: { steer: true, fork: true, resume: true, questions: true },
  remedy: null,
  checkedAt: AT,
  ...more,
});
