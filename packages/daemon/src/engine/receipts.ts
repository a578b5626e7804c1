/** A command sent again with the same client id is answered with the first one's receipt, also while the first is under way. */
import { createHash } from "node:crypto";
import { refuse } from "@skein/contract";
import type { Receipt, Store } from "./ports.ts";

/** What the unit of a command writes so that a repetition is known. */
export type ReceiptKey = Pick<Receipt, "key" | "operation" | "digest">;

export type Receipts = {
  /**
   * Runs the command once for each (caller, client id). Without a client id it just runs. Rejects with client_id_reused when
   * the same id comes with another operation or other input.
   */
  once<T>(
    command: {
      /** A token's id, or who else it is: receipts of different callers never meet. */
      readonly caller: string;
      readonly clientId: string | undefined;
      readonly operation: string;
      readonly input: unknown;
    },
    run: (receipt: ReceiptKey | null) => Promise<T>,
  ): Promise<T>;
};

const digestOf = (operation: string, input: unknown): string =>
  createHash("sha256").update(operation).update(JSON.stringify(input)).digest("hex");

const reused = (clientId: string) =>
  refuse(
    "client_id_reused",
    `The clientId ${clientId} was used for another command.`,
    "Use a new clientId for each command, the old one only to repeat it unchanged.",
  );

export const makeReceipts = (store: Pick<Store, "receipt">): Receipts => {
  const underWay = new Map<string, { digest: string; promise: Promise<unknown> }>();
  return {
    once: async <T>(
      {
        caller,
        clientId,
        operation,
        input,
      }: { caller: string; clientId: string | undefined; operation: string; input: unknown },
      run: (receipt: ReceiptKey | null) => Promise<T>,
    ): Promise<T> => {
      if (clientId === undefined) return run(null);
      const key = `${caller} ${clientId}`;
      const digest = digestOf(operation, input);
      const current = underWay.get(key);
      if (current !== undefined) {
        if (current.digest !== digest) throw reused(clientId);
        return current.promise as Promise<T>;
      }
      const first = async (): Promise<T> => {
        const kept = await store.receipt(key);
        if (kept === null) return run({ key, operation, digest });
        if (kept.digest !== digest) throw reused(clientId);
        return JSON.parse(kept.result) as T;
      };
      const promise = first();
      underWay.set(key, { digest, promise });
      try {
        return await promise;
      } finally {
        underWay.delete(key);
      }
    },
  };
};
