/** The scripted stand-in for claude-code plays the whole scenario on the far side of ssh. */
import { fakeClaude } from "../daemon/fixtures.ts";
import { playSession } from "../scenarios/session.ts";
import { overSsh } from "./far.ts";

playSession(overSsh(fakeClaude));
