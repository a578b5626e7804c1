/** JSON-RPC 2.0 over lines, both ways: the wire of the Agent Client Protocol. */
export type Json = Readonly<Record<string, unknown>>;

/** How a request is refused: a JSON-RPC error. */
export type RpcError = Error & { readonly rpc: { readonly code: number; readonly data: Json } };

export const rpcError = (code: number, message: string, data: Json = {}): RpcError =>
  Object.assign(new Error(message), { rpc: { code, data } });

export const INVALID_PARAMS = -32602;
export const METHOD_NOT_FOUND = -32601;
export const INTERNAL = -32603;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export type Peer = {
  /** Rejects with what the other side refused it with; never resolves when it never answers. */
  request(method: string, params: Json): Promise<Json>;
  notify(method: string, params: Json): void;
};

type Serve = {
  /** What it resolves with is the answer; `undefined` answers `{}`. An RpcError refuses, as does anything else it throws. */
  readonly request: (method: string, params: Json) => Promise<Json | undefined>;
  readonly notified: (method: string, params: Json) => void;
  /** An answer to nothing that is open: nobody else hears of it. */
  readonly unasked: (message: Json) => void;
  /** An error that is no RpcError, as one. */
  readonly explain: (error: unknown) => RpcError;
};

const maxLineChars = 16 * 1024 * 1024;

type Answer = { readonly resolve: (result: Json) => void; readonly reject: (error: Error) => void };

/** `take` is given each line that came; requests are served side by side. */
export const makePeer = (write: (line: string) => void, serve: Serve) => {
  const open = new Map<unknown, Answer>();
  let asked = 0;
  const say = (message: Json): void => write(JSON.stringify({ jsonrpc: "2.0", ...message }));

  const answerTo = (id: unknown, work: Promise<Json | undefined>): void => {
    work.then(
      (result) => say({ id, result: result ?? {} }),
      (error: unknown) => {
        const { message, rpc } =
          "rpc" in (error as object) ? (error as RpcError) : serve.explain(error);
        say({ id, error: { code: rpc.code, message, data: rpc.data } });
      },
    );
  };

  const answered = (message: Json): void => {
    const { id, error, result } = message;
    const one = open.get(id);
    if (one === undefined) return serve.unasked(message);
    open.delete(id);
    if (isObject(error)) one.reject(new Error(String(error["message"])));
    else one.resolve(isObject(result) ? result : {});
  };

  const peer: Peer = {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        const id = asked++;
        open.set(id, { resolve, reject });
        say({ id, method, params });
      }),
    notify: (method, params) => say({ method, params }),
  };

  const take = (line: string): void => {
    if (line.trim() === "") return;
    let message: unknown;
    try {
      message = line.length > maxLineChars ? null : JSON.parse(line);
    } catch {
      message = null;
    }
    if (!isObject(message))
      return say({
        id: null,
        error: { code: -32700, message: "That line is no JSON-RPC message." },
      });
    const { id, method } = message;
    if (typeof method !== "string") return answered(message);
    const params = isObject(message["params"]) ? message["params"] : {};
    if (id === undefined) serve.notified(method, params);
    else answerTo(id, serve.request(method, params));
  };
  return { peer, take };
};
