/** JSON-RPC on stdio: what is said, and the answers to what is asked. */
import { writeSync } from "node:fs";

export type Json = Readonly<Record<string, unknown>>;

export const object = (value: unknown): Json =>
  typeof value === "object" && value !== null ? (value as Json) : {};

export const writeWhole = (text: string): void => {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
};

/** Synchronous: what was said before a kill -9 has been said. */
export const say = (message: Json): void =>
  writeWhole(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

export const fail = (id: unknown, code: number, message: string, data: Json = {}): void =>
  say({ id, error: { code, message, data } });

/** Requests to the client start at 0, as those of the real ones do. */
export const makeAsking = () => {
  const open = new Map<unknown, (answer: Json) => void>();
  let next = 0;
  return {
    ask: (method: string, params: Json): Promise<Json> => {
      const id = next++;
      const { promise, resolve } = Promise.withResolvers<Json>();
      open.set(id, resolve);
      say({ id, method, params });
      return promise;
    },
    /** Unknown and answered ones are ignored. */
    answered: (message: Json): void => {
      open.get(message["id"])?.(message);
      open.delete(message["id"]);
    },
  };
};

export type Asking = ReturnType<typeof makeAsking>;
