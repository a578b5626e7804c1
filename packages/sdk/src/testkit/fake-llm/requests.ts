import type { IncomingHttpHeaders } from "node:http";

import type { Conversation } from "./conversation.ts";
import type { JsonObject } from "./dialect.ts";
import type { Plan } from "./plan.ts";

/** One request that came in. It is recorded on arrival, and `status` and `ended` are filled in as they become known. */
export interface RecordedRequest {
  /** 1 for the first; goes on counting when old ones have been dropped. */
  readonly number: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
  /** Which API it belongs to, and what was read of it; absent for requests that are no turn. */
  readonly api?: string;
  readonly conversation?: Conversation;
  /** The script word that was followed; `none` when the prompt held none, `unclear` when it was misused. */
  readonly word?: Plan["word"];
  status?: number;
  /** `abandoned`: the client hung up before the end. `cut`: we broke off. Absent while it runs. */
  ended?: "answered" | "failed" | "cut" | "abandoned";
}

export type RequestTest = (request: RecordedRequest) => boolean;

export interface RequestRecord {
  /** Oldest first; the last 200. A live view: it grows. */
  readonly requests: readonly RecordedRequest[];
  readonly add: (request: Omit<RecordedRequest, "number">) => RecordedRequest;
  readonly end: (request: RecordedRequest, ended: NonNullable<RecordedRequest["ended"]>) => void;
  readonly waitFor: (test: RequestTest, until?: AbortSignal | number) => Promise<RecordedRequest>;
  readonly close: () => void;
}

const keptRequests = 200;
const defaultPatienceMs = 10_000;

/**
 * The bounded record of requests. `waitFor` gives the first request that passes the test, be it one recorded long ago or
 * one still to come; the test runs on arrival and again at the end of each request. It rejects when the signal fires,
 * when the milliseconds (10,000 unless told) are over, or at `close()`.
 */
export function makeRequestRecord(): RequestRecord {
  const requests: RecordedRequest[] = [];
  const waiters = new Set<{
    test: RequestTest;
    resolve: (r: RecordedRequest) => void;
    reject: (error: unknown) => void;
  }>();
  let added = 0;
  let isClosed = false;

  const settle = (request: RecordedRequest): void => {
    for (const waiter of waiters) {
      try {
        if (waiter.test(request)) waiter.resolve(request);
      } catch (error) {
        // A test that throws is its writer's failure, not the server's.
        waiter.reject(error);
      }
    }
  };

  return {
    requests,
    add(fields) {
      const request: RecordedRequest = { number: ++added, ...fields };
      requests.push(request);
      if (requests.length > keptRequests) requests.shift();
      settle(request);
      return request;
    },
    end(request, ended) {
      if (request.ended !== undefined) return;
      request.ended = ended;
      settle(request);
    },
    async waitFor(test, until = defaultPatienceMs) {
      const known = requests.find(test);
      if (known) return known;
      if (isClosed) throw closedError();
      const signal = typeof until === "number" ? AbortSignal.timeout(until) : until;
      const { promise, resolve, reject } = Promise.withResolvers<RecordedRequest>();
      const giveUp = (): void => reject(new Error(missingRequest(added), { cause: signal.reason }));
      const waiter = { test, resolve, reject };
      waiters.add(waiter);
      signal.addEventListener("abort", giveUp, { once: true });
      if (signal.aborted) giveUp();
      try {
        return await promise;
      } finally {
        waiters.delete(waiter);
        signal.removeEventListener("abort", giveUp);
      }
    },
    close() {
      isClosed = true;
      for (const waiter of waiters) waiter.reject(closedError());
    },
  };
}

function missingRequest(added: number): string {
  return `No request passed the test in time (${added} came to the fake LLM). Look at its \`requests\` for what did come.`;
}

function closedError(): Error {
  return new Error("The fake LLM was closed while a request was waited for.");
}
