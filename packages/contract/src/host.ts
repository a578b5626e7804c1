/** Where processes run: this machine, and every machine that `ssh NAME` reaches. */
import { z } from "zod";
import { HostName } from "./host-name.ts";
import { operation } from "./operation.ts";
import { ClientId, Instant } from "./primitives.ts";

const Tool = z
  .object({ found: z.boolean(), version: z.string().nullable() })
  .describe("A program there, as its login's PATH finds it");

export const HostCheck = z.object({
  checkedAt: Instant,
  system: z.string().describe("As `uname -sm` says: Linux x86_64"),
  latencyMs: z.number().describe("Of one command, over a link that is open already"),
  tmux: Tool,
  git: Tool,
  containers: z
    .object({ engine: z.enum(["docker", "podman"]).nullable(), version: z.string().nullable() })
    .describe("What would run containers there"),
  agents: z.array(
    z.object({ backend: z.string(), command: z.string(), version: z.string().nullable() }),
  ),
  clockSkewMs: z.number().describe("Positive: its clock is ahead of this one"),
  freeBytes: z.int().nullable().describe("Free on the disk of its state folder"),
  warnings: z.array(z.object({ message: z.string(), remedy: z.string() })),
});
export type HostCheck = z.infer<typeof HostCheck>;

export const Host = z.object({
  name: HostName,
  kind: z.enum(["local", "ssh"]),
  home: z.string().describe("Skein's folder there"),
  state: z.enum(["reachable", "unreachable"]),
  reason: z.string().nullable().describe("Why it is out of reach"),
  remedy: z.string().nullable().describe("What to do about that, or about the refusal"),
  since: Instant.nullable().describe("Since when it is out of reach"),
  sessions: z.int().describe("Sessions there that are not deleted"),
  check: HostCheck.nullable().describe("The newest check that got through"),
  refusal: z
    .object({ at: Instant, message: z.string() })
    .nullable()
    .describe(
      "The newest check, when it did not get through though a connection stands from before",
    ),
  addedAt: Instant,
});
export type Host = z.infer<typeof Host>;

const host = { host: HostName };
const view = z.object({ host: Host });
const out = [
  "host_unreachable",
  "host_key_unknown",
  "host_key_changed",
  "host_login_failed",
] as const;

export const hostOperations = {
  "hosts.list": operation({
    name: "hosts.list",
    summary: "The hosts that sessions can run on",
    kind: "read",
    scope: "operator.read",
    http: { method: "GET", path: "/api/hosts" },
    input: z.strictObject({}),
    output: z.object({ hosts: z.array(Host) }),
    errors: [],
    tool: true,
    example: {},
  }),
  "hosts.add": operation({
    name: "hosts.add",
    summary: "Add a host by the name that `ssh NAME` takes; it is reached and checked first",
    kind: "write",
    scope: "operator.admin",
    http: { method: "POST", path: "/api/hosts" },
    input: z.strictObject({ ...host, clientId: ClientId.optional() }),
    output: view,
    errors: [...out, "host_known", "host_unusable"],
    tool: false,
    example: { host: "cloud" },
  }),
  "hosts.check": operation({
    name: "hosts.check",
    summary: "Reach a host now: tools, agents, clock and disk as they are",
    kind: "write",
    scope: "operator.write",
    http: { method: "POST", path: "/api/hosts/{host}/check" },
    input: z.strictObject(host),
    output: view,
    errors: [...out, "host_unknown"],
    tool: true,
    example: { host: "cloud" },
  }),
  "hosts.remove": operation({
    name: "hosts.remove",
    summary:
      "Forget a host, and take Skein's folder away there. Refused while agents run or terminals are open there, unless forced: agents are then left to themselves, terminals closed",
    kind: "write",
    scope: "operator.admin",
    http: { method: "DELETE", path: "/api/hosts/{host}" },
    input: z.strictObject({
      ...host,
      force: z.boolean().default(false),
      clientId: ClientId.optional(),
    }),
    output: view,
    errors: ["host_unknown", "host_in_use"],
    tool: false,
    example: { host: "cloud" },
  }),
};
