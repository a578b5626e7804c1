/** The one way an adapter fails. Anything else that it throws is a bug. */
import type { ErrorCode } from "@skein/contract";

export type AdapterFailure = Error & {
  readonly failure: {
    /** unavailable: not there or gone. unsupported: declared as such. auth: no login. protocol: it spoke nonsense. timeout: it did not speak. */
    readonly kind: "unavailable" | "unsupported" | "auth" | "protocol" | "timeout";
    readonly code: ErrorCode;
    readonly remedy: string;
    readonly retryable: boolean;
  };
};

export const adapterFailure = (
  message: string,
  failure: AdapterFailure["failure"],
  cause?: unknown,
): AdapterFailure => Object.assign(new Error(message, { cause }), { failure });

export const isAdapterFailure = (error: unknown): error is AdapterFailure =>
  error instanceof Error && "failure" in error;

/** Whether it came to nothing because its host does not answer: nothing has failed, it waits until the host is back. */
export const isHostAway = (error: unknown): boolean =>
  isAdapterFailure(error) && error.failure.code === "host_unreachable";

/** Whether a disk did not take it: nothing of it was handed over, and the process that it was for may be well. */
export const isDiskFault = (error: unknown): boolean =>
  isAdapterFailure(error) && ["storage_full", "storage_failed"].includes(error.failure.code);

/** For a driver that finds out by itself that its link to a process is cut. */
export const hostAway = (host: string): AdapterFailure =>
  adapterFailure(`${host} does not answer at present.`, {
    kind: "unavailable",
    code: "host_unreachable",
    remedy: `Look with \`skein host check ${host}\`.`,
    retryable: true,
  });
