/** The scripted stand-in for codex plays the whole scenario on the far side of ssh. */
import { fakeCodex } from "../daemon/fixtures.ts";
import { playSession } from "../scenarios/session.ts";
import { overSsh } from "./far.ts";

playSession(overSsh(fakeCodex));
