/** What a person may set in $SKEIN_HOME/config.json5. Unknown keys are refused. */
import { BackendId, HostName } from "@skein/contract";
import { z } from "zod";

const minutes = z.number().min(0).max(100_000);

const backend = z.strictObject({
  command: z
    .union([z.string().min(1), z.array(z.string()).min(1)])
    .optional()
    .describe("The program, or the program and its first arguments; default: what PATH finds"),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
    .default({})
    .describe("Added to the agent's environment"),
  models: z
    .array(z.string().min(1))
    .default([])
    .describe("Model names accepted beside those that the agent lists"),
});

export const ConfigSchema = z.strictObject({
  server: z
    .strictObject({
      host: z
        .string()
        .default("127.0.0.1")
        .describe("Loopback address to listen on; any other is refused"),
      port: z.int().min(0).max(65_535).default(8765).describe("Loopback port; 0 takes a free one"),
      allowedHosts: z
        .array(z.string())
        .default([])
        .describe("Host names accepted beside localhost, 127.0.0.1 and [::1]"),
      allowedOrigins: z
        .array(z.string())
        .default([])
        .describe("Origins accepted beside those of the names above: https://box.lan"),
    })
    .default({ host: "127.0.0.1", port: 8765, allowedHosts: [], allowedOrigins: [] }),
  sessions: z
    .strictObject({
      idleMinutes: minutes.default(30).describe("An idle agent is stopped after this; 0: never"),
      silenceMinutes: minutes
        .default(2)
        .describe("A turn without a word for this long is told of; 0: never"),
      silenceLimitMinutes: minutes
        .default(30)
        .describe("A turn without a word for this long is ended; 0: never"),
      deleteAfterDays: z
        .number()
        .min(0)
        .max(100_000)
        .default(0)
        .describe(
          "A session without any sign of work for so long is deleted, if nothing and nobody waits for it; 0: never",
        ),
      startSeconds: z
        .number()
        .min(1)
        .max(3_600)
        .default(60)
        .describe("An agent may take this long to start"),
      graceSeconds: z
        .number()
        .min(0)
        .max(600)
        .default(5)
        .describe("Between asking an agent to end and killing it"),
    })
    .default({
      idleMinutes: 30,
      silenceMinutes: 2,
      silenceLimitMinutes: 30,
      deleteAfterDays: 0,
      startSeconds: 60,
      graceSeconds: 5,
    }),
  /** By an agent's id; `loadConfig` refuses one that no driver knows. */
  backends: z.record(z.string(), backend).default({}),
  containers: z
    .strictObject({
      command: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe("The engine and its first arguments; default: docker, then podman"),
      options: z
        .array(z.string().startsWith("-"))
        .default([])
        .describe("More options of its `run`: --volume=/data:/data:ro"),
      image: z.string().min(1).optional().describe("For sessions that name no image"),
    })
    .default({ options: [] }),
  hosts: z
    .record(
      HostName,
      z.strictObject({
        backends: z
          .record(BackendId, backend)
          .default({})
          .describe("Agents as they are there: by default what the PATH of the login there finds"),
      }),
    )
    .default({})
    .describe("What is different on a host that was added with `skein host add`"),
  ssh: z
    .strictObject({
      config: z.string().min(1).optional().describe("Another file than ~/.ssh/config"),
    })
    .default({}),
  log: z
    .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
    .default({ level: "info" }),
});

export type Config = z.infer<typeof ConfigSchema>;
export type BackendConfig = z.infer<typeof backend>;
