/** The scripted stand-in for claude-code plays the scenario that the real one plays in tests/agents. */
import { playSession } from "../scenarios/session.ts";
import { fakeClaude } from "./fixtures.ts";

playSession(fakeClaude);
