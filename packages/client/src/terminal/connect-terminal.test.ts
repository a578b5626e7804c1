import { describe, expect, test, vi } from "vitest";
import { connect, server, settled } from "./far.testkit.ts";
import type { TerminalSocketLike } from "./socket-like.ts";

describe("the stream", () => {
  test("a snapshot, then what follows on it; both are acknowledged when they have been worked through", async () => {
    const { open, fars } = server((far) => {
      far.attached({ offset: 5 });
      far.bytes("snapshot", 5, "screen");
      far.bytes("output", 5, "0123456789ab");
    });
    const { shown, todo, terminal } = connect(open, {
      lazy: true,
      size: { columns: 80, rows: 24 },
    });
    await settled();
    expect(shown).toEqual(["[screen]", "0123456789ab"]);
    expect(fars[0]!.said).toEqual([]);
    for (const done of todo) done();
    expect(fars[0]!.said).toEqual([
      { type: "ack", offset: 5 },
      { type: "ack", offset: 17 },
    ]);
    expect(Object.fromEntries(fars[0]!.query)).toEqual({ client: "me", columns: "80", rows: "24" });
    terminal.close();
    expect(await terminal.ended).toEqual({ reason: "left" });
    expect(fars[0]!.closed).toBe(1000);
  });

  test("after a cut it goes on at the next byte, and shows none twice", async () => {
    const { open, fars } = server((far, number) => {
      if (number === 1) {
        far.attached();
        far.bytes("snapshot", 0, "");
        far.bytes("output", 0, "abc");
        return far.drop();
      }
      far.attached({ how: "resumed", offset: 3 });
      far.bytes("output", 1, "bcdef");
    });
    const { shown, lost, terminal } = connect(open);
    await settled();
    expect(shown).toEqual(["[]", "abc", "def"]);
    expect(lost).toEqual(["cut"]);
    expect(Object.fromEntries(fars[1]!.query)).toEqual({ client: "me", stream: "one", from: "3" });
    terminal.close();
  });

  test("a hole in it is never shown: the next connection begins with a snapshot", async () => {
    const { open, fars } = server((far, number) => {
      far.attached();
      far.bytes("snapshot", 0, String(number));
      if (number === 1) far.bytes("output", 4, "late");
    });
    const { shown, terminal } = connect(open);
    await settled();
    expect(shown).toEqual(["[1]", "[2]"]);
    expect(fars[1]!.query.has("stream")).toBe(false);
    terminal.close();
  });

  test("one that was too slow goes on behind what was left out", async () => {
    const { open } = server((far) => {
      far.attached();
      far.bytes("snapshot", 0, "old");
      far.say({ type: "skipped", from: 0, to: 1_000 });
      far.bytes("snapshot", 1_000, "new");
      far.bytes("output", 1_000, "x");
    });
    const { shown, terminal } = connect(open);
    await settled();
    expect(shown).toEqual(["[old]", "[new]", "x"]);
    terminal.close();
  });
});

describe("input", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  test("what is typed before it is connected is sent when it is, in order", async () => {
    const { open, fars } = server((far) => far.attached());
    const { terminal } = connect(open);
    const typed = [terminal.input(bytes("a")), terminal.paste("b\nc")];
    await settled();
    expect(fars[0]!.said).toEqual([
      ["input", 1, "a"],
      ["paste", 2, "b\nc"],
    ]);
    fars[0]!.say({ type: "typed", seq: 2 });
    expect(await Promise.all(typed)).toEqual(["typed", "typed"]);
    terminal.close();
  });

  test("what the daemon had before a cut is not sent again, the rest is", async () => {
    const { open, fars } = server((far, number) => far.attached({ inputSeq: number - 1 }));
    const { terminal } = connect(open);
    await settled();
    const typed = [terminal.input(bytes("a")), terminal.input(bytes("b"))];
    await settled();
    fars[0]!.drop();
    await settled();
    expect(await typed[0]).toBe("typed");
    expect(fars[1]!.said).toEqual([["input", 2, "b"]]);
    fars[1]!.say({ type: "refused", seq: 2, reason: "ended" });
    expect(await typed[1]).toBe("ended");
    terminal.close();
  });

  test("where a new daemon does not know it, what was sent is unsure and not sent again; what was not is", async () => {
    const { open, fars } = server((far, number) => {
      if (number === 1) far.attached({ inputSeq: 0 });
      if (number === 3) far.attached({ inputSeq: null, stream: "two" });
      if (number === 2) far.drop();
    });
    const during: Promise<string>[] = [];
    const seen = connect(open, {
      on: {
        snapshot: () => undefined,
        output: () => undefined,
        lost: () => {
          if (during.length === 0) during.push(seen.terminal.input(bytes("b")));
        },
      },
    });
    await settled();
    const before = seen.terminal.input(bytes("a"));
    await settled();
    fars[0]!.drop();
    await settled();
    expect(await before).toBe("unsure");
    expect(fars[2]!.said).toEqual([["input", 2, "b"]]);
    seen.terminal.close();
    expect(await during[0]).toBe("closed");
  });

  test("where the same daemon had nothing of it, all is sent again", async () => {
    const { open, fars } = server((far) => far.attached({ inputSeq: null }));
    const { terminal } = connect(open);
    await settled();
    const typed = terminal.input(bytes("a"));
    await settled();
    fars[0]!.drop();
    await settled();
    expect(fars[1]!.said).toEqual([["input", 1, "a"]]);
    fars[1]!.say({ type: "typed", seq: 1 });
    expect(await typed).toBe("typed");
    terminal.close();
  });

  test("what was refused before a cut is answered so after it, and what follows keeps its place", async () => {
    const { open, fars } = server((far) => far.attached({ inputSeq: 0 }));
    const { terminal } = connect(open);
    await settled();
    const typed = ["a", "b", "c"].map((text) => terminal.input(bytes(text)));
    await settled();
    fars[0]!.say({ type: "refused", seq: 1, reason: "unreachable" });
    fars[0]!.drop();
    await settled();
    // No number is left out, and `a`, which stands before them, waits for what became of them.
    expect(fars[1]!.said).toEqual([
      ["input", 2, "b"],
      ["input", 3, "c"],
    ]);
    fars[1]!.say({ type: "refused", seq: 2, reason: "unreachable" });
    fars[1]!.say({ type: "refused", seq: 3, reason: "too_large" });
    expect(await typed[2]).toBe("too_large");
    await expect
      .poll(() => fars[1]!.said.slice(2), { timeout: 5_000 })
      .toEqual([["input", 4, "a"]]);
    fars[1]!.say({ type: "typed", seq: 4 });
    expect(fars[1]!.said.at(-1)).toEqual(["input", 5, "b"]);
    fars[1]!.say({ type: "typed", seq: 5 });
    expect(await Promise.all(typed)).toEqual(["typed", "typed", "too_large"]);
    terminal.close();
  });

  test("one that comes back with the id of an earlier life goes on behind all numbers of that", async () => {
    const { open, fars } = server((far) => far.attached({ inputSeq: 3, inputLast: 6 }));
    const { terminal } = connect(open);
    await settled();
    void terminal.input(bytes("a"));
    expect(fars[0]!.said).toEqual([["input", 7, "a"]]);
    terminal.close();
  });

  test("a viewer types nothing; what is too large is not sent", async () => {
    const { open, fars } = server((far, number) => far.attached({ readOnly: number === 1 }));
    const { terminal } = connect(open);
    await settled();
    expect(await terminal.input(bytes("a"))).toBe("read_only");
    fars[0]!.drop();
    await settled();
    expect(await terminal.input(bytes("x".repeat(21)))).toBe("too_large");
    expect(await terminal.paste("x".repeat(41))).toBe("too_large");
    expect(fars[1]!.said).toEqual([]);
    terminal.close();
  });

  test("a connection on which nothing is answered is given up, and what was typed is sent on the next", async () => {
    const { open, fars } = server((far) => far.attached());
    const { terminal } = connect(open, { answerMs: 5 });
    const typed = terminal.input(bytes("a"));
    await expect.poll(() => fars.length).toBeGreaterThan(1);
    expect(fars[0]!.closed).toBe(4000);
    await expect.poll(() => fars.at(-1)!.said).toEqual([["input", 1, "a"]]);
    terminal.close();
    expect(await typed).toBe("closed");
  });
});

describe("a link that is half open", () => {
  test("which nobody answers is given up", async () => {
    const { open, fars } = server((far, number) => (number === 1 ? undefined : far.attached()));
    const { terminal, lost } = connect(open, { openMs: 5 });
    await expect.poll(() => fars.length).toBe(2);
    expect([fars[0]!.closed, lost]).toEqual([4000, ["cut"]]);
    terminal.close();
  });

  test("which never even opens is given up", async () => {
    const closed: (number | undefined)[] = [];
    const deaf = (): TerminalSocketLike => ({
      binaryType: "",
      addEventListener: () => {},
      send: () => {},
      close: (code) => void closed.push(code),
    });
    const { terminal } = connect(deaf, { openMs: 5, attempts: 2 });
    expect(await terminal.ended).toMatchObject({ failure: { transport: "unreachable" } });
    expect(closed).toEqual([1000, 1000]);
  });

  test("on which nothing comes any more is given up; one that beats is not", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    try {
      const { open, fars } = server((far) => far.attached());
      const { terminal } = connect(open, { silenceMs: 100 });
      await settled();
      for (let beats = 0; beats < 20; beats += 1) {
        fars[0]!.say({ type: "beat" });
        vi.advanceTimersByTime(60);
      }
      expect(fars[0]!.closed).toBeNull();
      vi.advanceTimersByTime(200);
      expect(fars[0]!.closed).toBe(4000);
      await settled();
      expect(fars).toHaveLength(2);
      terminal.close();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("its end", () => {
  test.each(["terminal.closed", "terminal.gone", "replaced", "revoked", "bad.frame"])(
    "%s is final",
    async (reason) => {
      const { open, fars } = server((far) => {
        far.attached();
        far.say({ type: "close", reason, message: "over" });
      });
      const { terminal } = connect(open);
      expect(await terminal.ended).toEqual({ reason, message: "over" });
      expect(fars).toHaveLength(1);
    },
  );

  test.each(["daemon.stopping", "host.unreachable", "terminal.unavailable", "lagged", "internal"])(
    "after %s it comes back",
    async (reason) => {
      const { open, fars } = server((far, number) => {
        far.attached();
        if (number === 1) far.say({ type: "close", reason, message: "later" });
      });
      const { terminal, lost } = connect(open);
      await settled();
      expect(lost).toEqual([reason]);
      expect(fars).toHaveLength(2);
      terminal.close();
    },
  );

  test("not let in: said once, in the daemon's words", async () => {
    const { open, fars } = server((far) => far.refuse("forbidden"));
    const { terminal } = connect(open);
    expect(await terminal.ended).toMatchObject({
      reason: "refused",
      problem: { code: "forbidden" },
    });
    expect(fars).toHaveLength(1);
  });

  test("a daemon that is overloaded is asked again", async () => {
    const { open, fars } = server((far, number) =>
      number < 3 ? far.refuse("overloaded") : far.attached(),
    );
    const { terminal } = connect(open);
    await settled();
    expect(fars).toHaveLength(3);
    terminal.close();
  });

  test("nobody there: given up after a few attempts at first, and after many once it was there", async () => {
    const never = server((far) => far.drop());
    const first = connect(never.open);
    expect(await first.terminal.ended).toMatchObject({ reason: "failed" });
    expect(never.fars).toHaveLength(3);

    const gone = server((far, number) =>
      number === 1 ? (far.attached(), far.drop()) : far.drop(),
    );
    const second = connect(gone.open, { attempts: 10 });
    expect(await second.terminal.ended).toMatchObject({ reason: "failed" });
    expect(gone.fars.length).toBeGreaterThan(9);
  });

  test("what is no terminal of Skein is left at once", async () => {
    const { open } = server((far) => far.bytes("output", 0, "hello"));
    const { terminal } = connect(open);
    expect(await terminal.ended).toMatchObject({
      reason: "failed",
      failure: { transport: "not-skein" },
    });
  });
});
