/** The scripted ACP agent plays the scenario that gemini, opencode and claude-agent-acp play in tests/agents. */
import { playSession } from "../scenarios/session.ts";
import { fakeAcp } from "./fixtures.ts";

playSession(fakeAcp);
