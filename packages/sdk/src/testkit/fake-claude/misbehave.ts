/**
 * What a well-behaved agent never does, by words of its own in a prompt, each on a line: GARBAGE (a line that is no JSON), DIE code
 * (ends in the middle of the turn), HALF (dies with half a line written), FLOOD n (that many lines at once), CHILD (leaves a
 * process in a session of its own), DEAF (ignores SIGTERM from now on).
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeWhole, type Voice } from "./wire.ts";

const misbehaviours = ["GARBAGE", "DIE", "HALF", "FLOOD", "CHILD", "DEAF"] as const;

const wordInLine = new RegExp(`^\\s*(${misbehaviours.join("|")})\\b[ \\t]*(\\d*)`, "gm");

const flood = (voice: Voice, lines: number): void => {
  const id = `msg_${randomUUID()}`;
  voice.streamStart(id);
  const index = 0;
  voice.event({ type: "content_block_start", index, content_block: { type: "text", text: "" } });
  for (let line = 0; line < lines; line += 1) {
    const delta = { type: "text_delta", text: `${line} ` };
    voice.event({ type: "content_block_delta", index, delta });
  }
  voice.event({ type: "message_stop" });
};

const child = (): void => {
  spawn("sleep", ["1000"], { detached: true, stdio: "ignore" }).unref();
};

export const misbehave = (prompt: string, voice: Voice): void => {
  for (const [, word, digits] of prompt.matchAll(wordInLine)) {
    switch (word) {
      case "GARBAGE":
        writeWhole("this is {no JSON\n");
        break;
      case "DIE":
        process.exit(Number(digits || 1));
        break;
      case "HALF":
        writeWhole('{"type":"assistant","message":{"id":"half');
        process.kill(process.pid, "SIGKILL");
        break;
      case "FLOOD":
        flood(voice, Number(digits || 1000));
        break;
      case "CHILD":
        child();
        break;
      case "DEAF":
        process.removeAllListeners("SIGTERM");
        process.on("SIGTERM", () => undefined);
        break;
      default:
        break;
    }
  }
};
