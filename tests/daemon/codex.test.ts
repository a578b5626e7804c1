/** The scripted stand-in for codex plays the scenario that the real one plays in tests/agents. */
import { playSession } from "../scenarios/session.ts";
import { fakeCodex } from "./fixtures.ts";

playSession(fakeCodex);
