/** A program that is only looked at plays the scenario, but for what it cannot. */
import { playSession } from "../scenarios/session.ts";
import { fakeRepl } from "./fixtures.ts";

playSession(fakeRepl);
