/**
 * What a well-behaved agent never does, by words of its own in a prompt, each on a line: GARBAGE (a line that is no JSON, one
 * that is no message), DIE code, HALF (dies with half a line written), FLOOD n (so many pieces at once), CHILD (leaves a process in
 * a session of its own), DEAF (ignores SIGTERM from now on), STRANGER (speaks of another session, and asks for what no
 * client has), NOCHOICE (asks for a permission without options).
 */
import { spawn } from "node:child_process";
import { writeWhole, type Asking, type Json } from "./wire.ts";

const words = ["GARBAGE", "DIE", "HALF", "FLOOD", "CHILD", "DEAF", "STRANGER", "NOCHOICE"] as const;
const wordInLine = new RegExp(`^\\s*(${words.join("|")})\\b[ \\t]*(\\d*)`, "gm");

type Tools = {
  readonly asking: Asking;
  readonly session: string;
  readonly update: (update: Json, session?: string) => void;
};

const flood = ({ update }: Tools, pieces: number): void => {
  for (let piece = 0; piece < pieces; piece += 1)
    update({
      sessionUpdate: "agent_message_chunk",
      content: { type: "text", text: `${piece} ` },
    });
};

const misbehaveOnce = async (word: string, digits: string, tools: Tools): Promise<void> => {
  switch (word) {
    case "GARBAGE":
      return writeWhole('this is {no JSON\n[1,2]\n{"jsonrpc":"2.0","id":{}}\n\n');
    case "DIE":
      return process.exit(Number(digits || 1));
    case "HALF":
      writeWhole('{"jsonrpc":"2.0","method":"session/upd');
      process.kill(process.pid, "SIGKILL");
      return;
    case "FLOOD":
      return flood(tools, Number(digits || 1000));
    case "CHILD":
      return spawn("sleep", ["1000"], { detached: true, stdio: "ignore" }).unref();
    case "DEAF":
      process.removeAllListeners("SIGTERM");
      return void process.on("SIGTERM", () => undefined);
    case "STRANGER":
      tools.update(
        { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "not yours" } },
        "another-session",
      );
      return void (await tools.asking.ask("fs/read_text_file", { path: "/etc/passwd" }));
    case "NOCHOICE":
      return void (await tools.asking.ask("session/request_permission", {
        sessionId: tools.session,
        toolCall: { toolCallId: "none", title: "nothing to choose" },
        options: [],
      }));
    default:
      return;
  }
};

export const misbehave = async (prompt: string, tools: Tools): Promise<void> => {
  for (const [, word = "", digits = ""] of prompt.matchAll(wordInLine))
    await misbehaveOnce(word, digits, tools);
};

/** TWICE and NEVER: how often the prompt is answered. */
export const answersTo = (prompt: string): number => {
  if (/^\s*NEVER\b/m.test(prompt)) return 0;
  return /^\s*TWICE\b/m.test(prompt) ? 2 : 1;
};
