/** What Skein can speak to, built in. Each goes through the same door as anyone's plugin. */
export { makeAcpDrivers } from "./agents/acp/driver.ts";
export { makeClaudeCodeDriver } from "./agents/claude-code/driver.ts";
export { makeCodexDriver } from "./agents/codex/driver.ts";
export { makeContainerHost, makeContainerTerminals } from "./hosts/container/container.ts";
export { findEngine, hasImage, noEngine, tryImage } from "./hosts/container/engine.ts";
export { makeTerminalDriver } from "./agents/terminal/driver.ts";
export { makeLocalHost, type LocalHostDeps } from "./hosts/local/local.ts";
export { farId, reachSsh, type GreetDeps, type Greeting } from "./hosts/ssh/greet.ts";
export { makeSshHost, type SshHost, type SshHostDeps } from "./hosts/ssh/ssh.ts";
