/** JSON-RPC as Codex 0.169.0 speaks it: without the `jsonrpc` field; ids of the server begin at 0. */
export type Message = {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
};

export type Client = {
  send(message: Message): void;
  initialized: boolean;
};

export const refusal = (message: string, code = -32600) => ({ error: { code, message } });
export type Refusal = ReturnType<typeof refusal>;
export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === "object" && value !== null && "error" in value;

export const parse = (text: string): Message | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Message) : null;
  } catch {
    return null;
  }
};
