import { z } from "zod";
import { errorCodes } from "./errors.ts";

/** What every surface prints when an operation is refused. `message`: what happened. `remedy`: what to do. */
export const Problem = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  remedy: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type Problem = z.infer<typeof Problem>;
