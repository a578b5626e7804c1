import { expect, test } from "vitest";
import { makeControlReader, type ControlLine } from "./control-lines.ts";

const told = (line: ControlLine): string => {
  if (line.is === "output")
    return `output ${line.pane} ${JSON.stringify(Buffer.from(line.bytes).toString())}`;
  if (line.is === "reply")
    return `reply ${line.ok} ${JSON.stringify(Buffer.from(line.body).toString())}`;
  return line.is === "paused" ? `paused ${line.pane}` : `exit ${line.reason}`;
};

const STREAM = [
  "%begin 1763640000 1 0",
  "%end 1763640000 1 0",
  "%session-changed $1 aises-x",
  "%output %1 a\\015\\012b \\033[1mc\\134d",
  "%extended-output %1 12 : größe : 日本\\007",
  "%begin 1763640001 2 1",
  "%end 1763640001 1 1",
  "%output %9 text of a screen, not an output",
  "%end 1763640001 2 1",
  "%begin 1763640001 3 1",
  "can't find pane: %7",
  "%error 1763640001 3 1",
  "%pause %1",
  "%exit server exited",
  "",
].join("\n");

const MEANT = [
  'output %1 "a\\r\\nb \\u001b[1mc\\\\d"',
  'output %1 "größe : 日本\\u0007"',
  'reply true "%end 1763640001 1 1\\n%output %9 text of a screen, not an output\\n"',
  'reply false "can\'t find pane: %7\\n"',
  "paused %1",
  "exit server exited",
];

test("lines have the same meaning, however the bytes are cut", () => {
  for (const size of [1, 2, 7, 64, STREAM.length * 2]) {
    const bytes = Buffer.from(STREAM);
    const read = makeControlReader();
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size)
      lines.push(...read(bytes.subarray(at, at + size)).map(told));
    expect(lines).toEqual(MEANT);
  }
});
