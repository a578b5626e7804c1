/** Permission requests that wait for their answer on stdin. */
import { randomUUID } from "node:crypto";
import type { Input } from "./permissions.ts";
import { say } from "./wire.ts";

type Answer = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Answer => typeof value === "object" && value !== null;

export const makeAsking = () => {
  const open = new Map<string, (answer: Answer | null) => void>();
  return {
    /** null: it was withdrawn by an interrupt. */
    ask: async (
      tool: string,
      input: Input,
      toolUse: string,
      suggestions: readonly unknown[],
      signal: AbortSignal,
    ): Promise<Answer | null> => {
      const id = randomUUID();
      const { promise, resolve } = Promise.withResolvers<Answer | null>();
      const withdraw = (): void => {
        say({ type: "control_cancel_request", request_id: id });
        resolve(null);
      };
      open.set(id, resolve);
      signal.addEventListener("abort", withdraw, { once: true });
      say({
        type: "control_request",
        request_id: id,
        request: {
          subtype: "can_use_tool",
          tool_name: tool,
          display_name: tool,
          input,
          ...(typeof input["description"] === "string"
            ? { description: input["description"] }
            : {}),
          ...(suggestions.length === 0 ? {} : { permission_suggestions: suggestions }),
          tool_use_id: toolUse,
        },
      });
      const answer = await promise;
      open.delete(id);
      signal.removeEventListener("abort", withdraw);
      return answer;
    },
    /** Unknown and answered ones are ignored; the one that counts is echoed. */
    answered: (line: Answer): void => {
      const response = line["response"];
      if (!isObject(response)) return;
      const resolve = open.get(String(response["request_id"]));
      if (resolve === undefined) return;
      open.delete(String(response["request_id"]));
      say(line);
      resolve(isObject(response["response"]) ? response["response"] : {});
    },
  };
};

export type Asking = ReturnType<typeof makeAsking>;
