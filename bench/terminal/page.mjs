/**
 * What runs in the browser: an xterm.js that shows what a bare server sends it, or a terminal of Skein. Both say how many
 * milliseconds passed from the go to the last word, parsed.
 */
import { Terminal } from "@xterm/xterm";
import { connectTerminal } from "@skein/client/terminal";

const LAST = "ALL OF IT";
const GO = new TextEncoder().encode("\r");

const opened = () => {
  const place = document.createElement("div");
  document.body.replaceChildren(place);
  const terminal = new Terminal({ cols: 80, rows: 24, scrollback: 1_000 });
  terminal.open(place);
  return terminal;
};

/** Whether the last word is there, in pieces of any size. */
const makeEnd = () => {
  const decoder = new TextDecoder("latin1");
  let tail = "";
  return (bytes) => {
    const end = decoder.decode(bytes.subarray(Math.max(0, bytes.length - 200)));
    tail = (tail + end).slice(-400);
    return tail.includes(LAST);
  };
};

/** The server sends bytes as they are; it is told how many were parsed. */
const bare = (url, ackBytes) =>
  new Promise((resolve, reject) => {
    const terminal = opened();
    const isEnd = makeEnd();
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    let began = 0;
    let parsed = 0;
    let acked = 0;
    socket.onerror = () => reject(new Error("the bare server was not reached"));
    socket.onopen = () => {
      began = performance.now();
      socket.send("go");
    };
    socket.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data);
      const last = isEnd(bytes);
      terminal.write(bytes, () => {
        parsed += bytes.length;
        if (parsed - acked >= ackBytes) socket.send(String((acked = parsed)));
        if (!last) return;
        resolve(performance.now() - began);
        socket.close();
        terminal.dispose();
      });
    };
  });

const skein = (url) =>
  new Promise((resolve, reject) => {
    const terminal = opened();
    let isEnd = null;
    let began = 0;
    const connection = connectTerminal({
      socket: url,
      size: { columns: 80, rows: 24 },
      on: {
        snapshot: (bytes, done) => {
          terminal.reset();
          terminal.write(bytes, () => {
            done();
            if (isEnd !== null) return;
            isEnd = makeEnd();
            began = performance.now();
            void connection.input(GO);
          });
        },
        output: (bytes, done) => {
          const last = isEnd?.(bytes) ?? false;
          terminal.write(bytes, () => {
            done();
            if (!last) return;
            resolve(performance.now() - began);
            connection.close();
            terminal.dispose();
          });
        },
      },
    });
    void connection.ended.then((end) => reject(new Error(JSON.stringify(end))));
  });

globalThis.measured = { bare, skein };
