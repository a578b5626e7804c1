/** Pure decisions, one room per thing. */
export * from "./backend/backend.ts";
export * from "./decision.ts";
export * from "./effect.ts";
export * from "./host/host.ts";
export { conversationClaim, heldProblem, ownConversation } from "./session/conversation.ts";
export { decideSession } from "./session/decide.ts";
export { evolveSession } from "./session/evolve.ts";
export * from "./session/input.ts";
export { proposeNames } from "./session/names.ts";
export * from "./session/project.ts";
export * from "./session/state.ts";
export * from "./terminal/terminal.ts";
export * from "./token/token.ts";
