/** Whether anything answers at the daemon's place, asked of nothing but its health. */
import { isTransportFailure, textOf, type Transport } from "@skein/client/light";
import { codeOf } from "./transport.ts";

/** The answer's status; else the system's word for what kept it from coming, ETIMEDOUT when the time is over. */
const askHealth = async (
  transport: Transport,
  signal: AbortSignal,
  patienceMs: number,
): Promise<number | string> => {
  const patience = AbortSignal.timeout(patienceMs);
  const request = {
    method: "GET" as const,
    path: "/health",
    headers: {},
    body: null,
    signal: AbortSignal.any([signal, patience]),
  };
  try {
    const answer = await transport(request);
    await textOf(answer);
    return answer.status;
  } catch (error) {
    signal.throwIfAborted();
    if (!isTransportFailure(error)) throw error;
    return patience.aborted ? "ETIMEDOUT" : codeOf(error);
  }
};

/** null: something answers, if only the gateway; else what kept it from answering. */
export const reach = async (...asked: Parameters<typeof askHealth>): Promise<string | null> => {
  const answer = await askHealth(...asked);
  return typeof answer === "number" ? null : answer;
};

/** Whether the daemon itself answers: what stands before one that does not says so by a 5xx. */
export const isHeard = async (...asked: Parameters<typeof askHealth>): Promise<boolean> => {
  const answer = await askHealth(...asked);
  return typeof answer === "number" && answer < 500;
};
