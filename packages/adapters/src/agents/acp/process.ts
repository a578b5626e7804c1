/** How an ACP agent is started, and what its refusals to start mean. */
import type { Detached, SessionContext } from "@skein/sdk";
import type { Leavings, Refusal, Second } from "../lines/starting.ts";
import type { AcpAgent } from "./agents.ts";
import type { Conversation } from "./fold.ts";
import type { State } from "./state.ts";

export const argvOf = (
  agent: AcpAgent,
  command: readonly [string, ...string[]],
): readonly [string, ...string[]] => [...command, ...agent.args];

/** Rejects with the host's AdapterFailure. */
export const startProcess = (
  agent: AcpAgent,
  context: SessionContext,
  command: readonly [string, ...string[]],
): Promise<Detached> => {
  const { session, generation, dir, backend } = context;
  return backend.host.start({
    dir,
    argv: argvOf(agent, command),
    env: { ...backend.env, ...agent.env?.[session.permissions] },
    folder: session.folder,
    owner: { session: session.id, generation },
  });
};

const authRequired = -32000;
const gone =
  /not found|no (?:such )?(?:session|conversation)|unknown session|does not exist|invalid session|no previous sessions/i;
const login = /authenticat|unauthori[sz]ed|api key|log ?in required|not logged in/i;

/**
 * A process that is killed in the first moments of a conversation may leave no record of it: then a new one is begun, and
 * the person is told. null: nothing else is to be tried.
 */
export const secondTry = (
  { title }: AcpAgent,
  conversation: Conversation,
  { failure }: State,
): Second<Conversation> | null => {
  if (conversation.how !== "resume" || failure === null || failure.step !== "open") return null;
  if (!gone.test(failure.message)) return null;
  const warning =
    `${title} has no conversation ${conversation.id} any more, so it began a new one: ` +
    "the agent remembers nothing of what was said before.";
  return { conversation: { how: "new" }, warning };
};

const handshakeRefusal = (
  agent: AcpAgent,
  conversation: Conversation,
  { step, code, message }: NonNullable<State["failure"]>,
): Refusal => {
  const by = "Run `skein doctor`, or start it by hand in that folder to see what it says.";
  if (code === authRequired || login.test(message))
    return {
      code: "backend_not_logged_in",
      message: `${agent.title} has no login: ${message}`,
      remedy: agent.login,
    };
  switch (step) {
    case "version":
      return {
        code: "backend_unavailable",
        message: `${agent.title} speaks version ${message} of the Agent Client Protocol, Skein speaks 1.`,
        remedy: "Install a version of it that speaks protocol version 1.",
      };
    case "resume":
      return {
        code: "resume_unsupported",
        message: `${agent.title} can neither resume nor load a conversation, and its process is gone.`,
        remedy: "Create a new session; what was said in this one stays readable with `skein logs`.",
      };
    case "fork":
      return {
        code: "fork_unsupported",
        message: `${agent.title} cannot fork a conversation.`,
        remedy: "Create a new session, and tell it what it has to know.",
      };
    case "modes":
      return {
        code: "backend_unavailable",
        message: `${agent.title} has no mode ${message}.`,
        remedy: "Choose other permissions, or install the version of it that docs/agents.md names.",
      };
    case "model":
      return {
        code: "model_unknown",
        message: `${agent.title} does not take that model: ${message}`,
        remedy: `Choose one that \`skein backends\` lists for ${agent.id}.`,
      };
    case "effort":
      return {
        code: "effort_unknown",
        message: `${agent.title} does not take that effort: ${message}`,
        remedy: `Choose one that \`skein backends\` lists for ${agent.id}.`,
      };
    default: {
      const about = conversation.how === "resume" ? `conversation ${conversation.id}` : "session";
      const text = `${agent.title} did not open its ${about} (${step}): ${message}`;
      return { code: "backend_unavailable", message: text, remedy: by };
    }
  }
};

export const refusalOf = (
  agent: AcpAgent,
  conversation: Conversation,
  state: State,
  end: Leavings,
): Refusal => {
  const code = "backend_unavailable";
  if (state.failure !== null) return handshakeRefusal(agent, conversation, state.failure);
  if (end.alive) {
    const message = `${agent.title} did not get ready within ${end.seconds} s (${state.phase}).`;
    return {
      code,
      message,
      remedy: "Run `skein doctor`, or start it by hand in that folder to see what it waits for.",
    };
  }
  const said = end.stderr.trim().split("\n").slice(-3).join(" ").slice(0, 500);
  const exit = end.exitCode === null ? "" : ` with exit code ${end.exitCode}`;
  return {
    code,
    message: `${agent.title} ended${exit} before it was ready${said === "" ? "." : `: ${said}`}`,
    remedy: "Run `skein doctor`, or start it by hand in that folder to see what it says.",
  };
};
