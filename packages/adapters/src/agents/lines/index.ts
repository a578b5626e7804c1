/** For drivers of agents that speak in lines over stdin and stdout: all that is not their protocol. */
export { askProcess } from "./ask.ts";
export { fromCheckpoint } from "./checkpoint.ts";
export { endCommands } from "./commands.ts";
export { inHand, makeLineLife, say, wait, type LineLife, type Words } from "./life.ts";
export { makeLineLink, unlessGone, type Ways } from "./link.ts";
export { begin, giveUp, startAnew, untilReady, type Refusal, type Tried } from "./starting.ts";
export { chained, stepped, without, type Step } from "./step.ts";
