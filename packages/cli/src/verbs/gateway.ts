/** `skein gateway`: lets programs in a sandbox on this machine use the daemon, each with its own token. */
import { printJson, type Cli } from "../cli.ts";
import { EXIT, fail, misused } from "../failure.ts";
import { visible } from "../format/escape.ts";
import { GATEWAY_PORT } from "../gateway/port.ts";
import { startGateway } from "../gateway/serve.ts";
import { verb, type Verb } from "../verb.ts";
import { gatewayAutostart } from "./autostart.ts";
import { parsePort } from "./up.ts";

type Flags = { readonly port?: number; readonly json?: boolean };

const serve = verb<Flags, []>({
  examples: [
    ["skein gateway", "in this terminal; Ctrl-C stops it, sessions go on"],
    ["skein gateway install", "as a service that starts at login"],
  ],
  notes:
    "In the sandbox, set IS_SANDBOX=1, SKEIN_GATEWAY_URL=http://ADDRESS:6767, SKEIN_TOKEN, and\n" +
    "HOST_PATH to the host's folder that is /workspace there. Each request is one line of its output.",
  define: (command) =>
    command
      .option("--port <number>", `port on 127.0.0.1 (default: ${GATEWAY_PORT})`, parsePort)
      .option("--json", "print the address as JSON once it listens"),
  run: async (cli, { port = GATEWAY_PORT, json }) => {
    const { place } = cli;
    if (place.kind === "url")
      throw misused(
        "A gateway stands before the daemon of this machine, and the environment names another address.",
        "Run it on the host, without SKEIN_URL, SKEIN_GATEWAY_URL and IS_SANDBOX.",
      );
    const gateway = await startGateway({
      home: cli.home,
      socketPath: place.socketPath,
      port,
      log: (line) => cli.tell(line),
      now: cli.now,
    }).catch((error: unknown) => {
      throw cannotListen(cli, port, error as NodeJS.ErrnoException);
    });
    if (json === true) printJson(cli, { address: gateway.address });
    else cli.print(`The gateway of ${visible(cli.home)} listens at ${gateway.address}`);
    await untilTold(cli.signal);
    await gateway.close();
    return EXIT.done;
  },
});

const untilTold = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

const cannotListen = (cli: Cli, port: number, error: NodeJS.ErrnoException) =>
  fail(
    EXIT.refused,
    "port_unavailable",
    error.code === "EADDRINUSE"
      ? `Port ${port} is in use.`
      : `Port ${port} cannot be listened on (${error.code ?? error.message}).`,
    `It may be a gateway already: ${cli.command} gateway status. Choose another with --port.`,
  );

export const gateway: Verb = { ...serve, alone: true, below: gatewayAutostart };
