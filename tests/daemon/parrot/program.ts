/**
 * The agent of docs/add-an-agent.md: it says back what it is told, word by word. A line of JSON in for each wish, a line out for each
 * thing that happens. It takes no turn twice. It lives as long as its stdin.
 */
import { createInterface } from "node:readline";

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const PACE_MS = 100;

if (process.argv.includes("--version")) {
  process.stdout.write("parrot 1.0.0\n");
  process.exit(0);
}

const taken = new Set<string>();
let stopped = "";

const speak = (turn: string, text: string): void => {
  const slow = /^SLOW (\d+)$/.exec(text);
  let left = slow === null ? 0 : Number(slow[1]) * (1000 / PACE_MS);
  const next = (): void => {
    if (stopped === turn) return say({ done: turn, how: "stopped" });
    if (left > 0) {
      left -= 1;
      return void setTimeout(next, PACE_MS);
    }
    say({ said: turn, text });
    say({ done: turn, how: "well" });
  };
  next();
};

say({ ready: process.pid });
createInterface({ input: process.stdin }).on("line", (line) => {
  const wish = JSON.parse(line) as { turn?: string; text?: string; stop?: string };
  if (wish.stop !== undefined) stopped = wish.stop;
  if (wish.turn === undefined || taken.has(wish.turn)) return;
  taken.add(wish.turn);
  say({ took: wish.turn });
  speak(wish.turn, wish.text ?? "");
});
