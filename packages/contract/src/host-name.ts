/** A host by name: `local`, or what `ssh NAME` takes (an alias of the user's own ssh configuration). */
import { z } from "zod";

export const LOCAL_HOST = "local";

/** Never an option: ssh would take a leading `-` for one. */
export const HostName = z
  .string()
  .max(128)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@-]*$/,
    "use letters, digits, dots, hyphens, underscores or @, beginning with a letter or digit",
  );
export type HostName = z.infer<typeof HostName>;
