import { startSshd, type Sshd } from "@skein/sdk/testkit";
import { hostConformance } from "@skein/sdk/testkit/hosts";
import { afterAll, beforeAll } from "vitest";
import { makeFar } from "./far.testkit.ts";

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(() => sshd[Symbol.asyncDispose]());

hostConformance("a machine behind ssh", { make: () => makeFar(sshd), witnesses: false });
