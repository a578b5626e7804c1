/** Someone who looks at a terminal over its WebSocket, as the web page and `skein attach` do: a real terminal emulator behind it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import xterm from "@xterm/headless";
import { WebSocket } from "ws";
import {
  decodeTerminalBytes,
  encodeTerminalBytes,
  type TerminalServerFrame,
} from "@skein/contract";

const execute = promisify(execFile);

type Of<T extends TerminalServerFrame["type"]> = Extract<TerminalServerFrame, { type: T }>;

export type Viewer = {
  readonly client: string;
  readonly frames: readonly TerminalServerFrame[];
  /** Bytes that came, snapshots apart. */
  readonly received: () => number;
  readonly snapshots: () => readonly string[];
  /** Everything that was drawn, as it came. */
  readonly raw: () => string;
  /** What it answers, which a viewer must never be made to do. */
  readonly answered: () => string;
  screen(): readonly string[];
  /** The first frame of that kind from now on, or since the beginning. */
  frame<T extends TerminalServerFrame["type"]>(
    type: T,
    fits?: (frame: Of<T>) => boolean,
  ): Promise<Of<T>>;
  until(fits: (viewer: Viewer) => boolean): Promise<void>;
  shows(text: string): Promise<void>;
  type(text: string, seq?: number): number;
  paste(text: string): number;
  say(frame: object): void;
  /** Stops acknowledging, and goes on. */
  holdAcks(): void;
  releaseAcks(): void;
  /** Where it is: what it would resume from. */
  place(): { readonly stream: string; readonly from: number };
  readonly ended: Promise<number>;
  cut(): void;
};

type Look = {
  readonly ref: string;
  readonly client?: string;
  readonly columns?: number;
  readonly rows?: number;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
};

const WAIT_MS = 15_000;

const addressOf = (home: string, { ref, client, columns, rows, query = {} }: Look): string => {
  const given = { client, columns, rows, ...query };
  const words = Object.entries(given).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(words.map(([key, value]) => [key, String(value)]));
  const path = ref.startsWith("/") ? ref : `/api/terminals/${ref}`;
  return `ws+unix:${join(home, "run", "skein.sock")}:${path}?${search.toString()}`;
};

/** Resolves with the HTTP status when the upgrade is refused. */
export const tryToLook = (home: string, look: Look): Promise<Viewer | number> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(addressOf(home, look), { perMessageDeflate: false });
    socket.once("unexpected-response", (_, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.once("error", reject);
    const viewer = viewerOn(socket);
    socket.once("open", () => {
      socket.off("error", reject);
      socket.on("error", () => {});
      resolve(viewer);
    });
  });

export const look = async (home: string, wanted: Look): Promise<Viewer> => {
  const viewer = await tryToLook(home, wanted);
  if (typeof viewer === "number") throw new Error(`refused: ${viewer}`);
  await viewer.frame("attached");
  return viewer;
};

const viewerOn = (socket: WebSocket): Viewer => {
  const terminal = new xterm.Terminal({
    cols: 80,
    rows: 24,
    scrollback: 20_000,
    allowProposedApi: true,
  });
  const frames: TerminalServerFrame[] = [];
  const snapshots: string[] = [];
  const drawn: string[] = [];
  let answers = "";
  let received = 0;
  let seq = 0;
  let place = { stream: "", from: 0 };
  let holding = false;
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  terminal.onData((data) => (answers += data));

  const ack = (): void => {
    if (!holding && socket.readyState === WebSocket.OPEN)
      socket.send(JSON.stringify({ type: "ack", offset: place.from }));
  };
  const draw = (bytes: Uint8Array, to: number): void =>
    terminal.write(bytes, () => {
      place = { ...place, from: to };
      ack();
      tell();
    });

  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) {
      const { kind, number, bytes } = decodeTerminalBytes(data)!;
      const text = Buffer.from(bytes).toString("utf8");
      if (kind === "snapshot") {
        snapshots.push(text);
        terminal.write("\u001bc");
        draw(bytes, number);
      } else {
        received += bytes.length;
        if (drawn.length < 2_000) drawn.push(text);
        draw(bytes, number + bytes.length);
      }
      return;
    }
    const frame = JSON.parse(data.toString()) as TerminalServerFrame;
    frames.push(frame);
    if (frame.type === "attached") place = { stream: frame.stream, from: frame.offset };
    if (frame.type === "attached" || frame.type === "size") {
      const { columns, rows } = frame;
      // In its place of the stream: what came before was drawn in the size before.
      terminal.write("", () => terminal.resize(columns, rows));
    }
    tell();
  });
  const ended = new Promise<number>((resolve) => {
    socket.once("close", (code) => {
      resolve(code);
      tell();
    });
  });

  const screen = (): readonly string[] => {
    const { active } = terminal.buffer;
    return Array.from(
      { length: terminal.rows },
      (_, row) =>
        active
          .getLine(active.baseY + row)
          ?.translateToString(true)
          .trimEnd() ?? "",
    );
  };
  const until = async (fits: (viewer: Viewer) => boolean): Promise<void> => {
    const late = AbortSignal.timeout(WAIT_MS);
    const over = Promise.withResolvers<void>();
    late.addEventListener("abort", () => over.resolve());
    while (!fits(viewer)) {
      if (late.aborted) {
        const last = JSON.stringify(frames.slice(-3)).slice(-600);
        throw new Error(`it did not come: ${screen().join("\n").trim()}\n${last}`);
      }
      await Promise.race([changed.promise, over.promise]);
    }
  };
  const send = (kind: "input" | "paste", text: string, number: number): number => {
    socket.send(encodeTerminalBytes({ kind, number, bytes: Buffer.from(text) }));
    return number;
  };

  const viewer: Viewer = {
    client: "",
    frames,
    received: () => received,
    snapshots: () => snapshots,
    raw: () => drawn.join(""),
    answered: () => answers,
    screen,
    until,
    frame: async (type, fits = () => true) => {
      const found = () =>
        frames.find((one): one is never => one.type === type && fits(one as never));
      await until(() => found() !== undefined);
      return found()!;
    },
    shows: (text) => until(() => screen().join("\n").includes(text)),
    type: (text, number) => {
      seq = number ?? seq + 1;
      return send("input", text, seq);
    },
    paste: (text) => send("paste", text, (seq += 1)),
    say: (frame) => socket.send(JSON.stringify(frame)),
    holdAcks: () => (holding = true),
    releaseAcks: () => {
      holding = false;
      ack();
    },
    place: () => place,
    ended,
    cut: () => socket.terminate(),
  };
  return viewer;
};

/** tmux itself, on the socket of that home. */
export const tmuxOf = (home: string) => {
  const run = async (...args: string[]): Promise<string> => {
    const { stdout } = await execute("tmux", ["-u", "-S", join(home, "run", "tmux"), ...args], {
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  };
  return {
    run,
    paneOf: async (terminal: string): Promise<string> => {
      const panes = await run("list-panes", "-a", "-F", "#{@skein} #{pane_id}");
      return panes
        .split("\n")
        .find((line) => line.startsWith(`${terminal} `))!
        .split(" ")[1]!;
    },
    screen: async (pane: string): Promise<readonly string[]> =>
      (await run("capture-pane", "-p", "-t", pane))
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => line.trimEnd()),
    pids: async (): Promise<readonly string[]> =>
      (await run("list-panes", "-a", "-F", "#{@skein} #{pane_pid}")).trim().split("\n").toSorted(),
    server: async (): Promise<number> => Number(await run("display-message", "-p", "#{pid}")),
  };
};
