/** Whether anything answers at the daemon's place, asked of nothing but its health. */
import { isTransportFailure, textOf, type Transport } from "@skein/client/light";
import { codeOf } from "./transport.ts";

/** null: it answers; else the system's word for what kept it from answering, ETIMEDOUT when the time is over. */
export const reach = async (
  transport: Transport,
  signal: AbortSignal,
  patienceMs: number,
): Promise<string | null> => {
  const patience = AbortSignal.timeout(patienceMs);
  const request = {
    method: "GET" as const,
    path: "/health",
    headers: {},
    body: null,
    signal: AbortSignal.any([signal, patience]),
  };
  try {
    await textOf(await transport(request));
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (!isTransportFailure(error)) throw error;
    return patience.aborted ? "ETIMEDOUT" : codeOf(error);
  }
};
