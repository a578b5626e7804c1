/**
 * A link that is cut while an agent works: nothing is lost, nothing comes twice, nothing is left behind. Each case has a machine of
 * its own, and they wait together.
 */
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { listen, makeFar, PATH, whenReach, type Far } from "./counting.ts";
import { untilTrue } from "../scenarios/processes.ts";
import { makeNetwork, type Network } from "./network.ts";

/** Writes numbered lines, one every tenth of a second, until told to stop; resolves with how many, once all are delivered. */
const write = (agent: Awaited<ReturnType<Far["start"]>>, stop: AbortSignal) =>
  (async () => {
    const all: Promise<void>[] = [];
    while (!stop.aborted) {
      all.push(agent.write(`${all.length + 1}`));
      await wait(100);
    }
    await Promise.all(all);
    return all.length;
  })();

type Cut = {
  readonly cut: (network: Network) => Promise<void>;
  readonly mend: (network: Network) => Promise<void>;
  readonly seconds: number;
  /** Whether it is so long that the host must be told out of reach. */
  readonly isNoticed: boolean;
};

const survive = async ({ cut, mend, seconds, isNoticed }: Cut) => {
  await using network = await makeNetwork();
  await using far = await makeFar({ network });
  const agent = await far.start();
  const heard = listen(agent);
  const stop = new AbortController();
  const written = write(agent, stop.signal);
  await heard.when(() => heard.out().length > 20 && heard.got().length > 5);

  const before = heard.out().length;
  const begun = performance.now();
  await cut(network);
  if (isNoticed) {
    await whenReach(far.host, "unreachable");
    expect(performance.now() - begun).toBeLessThan(90_000);
    expect(far.host.reach()).toMatchObject({ reason: expect.stringMatching(/\w+/) });
    expect(await agent.liveness()).toBe("unknown");
    await expect(far.host.run(["true"], { env: { PATH }, timeoutMs: 5_000 })).rejects.toMatchObject(
      { failure: { code: "host_unreachable" } },
    );
  }
  await wait(Math.max(0, seconds * 1000 - (performance.now() - begun)));
  await mend(network);
  await whenReach(far.host, "reachable");
  // It went on while nobody could hear it.
  await heard.when(() => heard.out().length > before + seconds * 10);
  stop.abort();
  const count = await written;
  await heard.when(() => heard.got().length >= count);
  expect(await agent.liveness()).toBe("alive");

  await agent.terminate(1_000);
  await heard.done;
  await agent.exited;
  const left = await far.host.owners();
  await far.host.close();
  // The server alone is left there: of the connections of before, nothing.
  const { sshd } = far;
  await untilTrue(
    "only the server is left on the far side",
    async () => (await network.pids()).every((pid) => pid === sshd.pid()),
    20_000,
  );
  const isWhole = (all: readonly number[]): boolean => all.every((one, at) => one === at + 1);
  return { left, isHeard: isWhole(heard.out()), isWritten: isWhole(heard.got().map(Number)) };
};

const nothingLost = { left: [], isHeard: true, isWritten: true };

describe.concurrent("a link", { timeout: 220_000 }, () => {
  const pulled = {
    cut: (network: Network) => network.cut(),
    mend: (network: Network) => network.mend(),
  };
  test("cut for ten seconds", async () => {
    const told = await survive({ ...pulled, seconds: 10, isNoticed: false });
    expect(told).toEqual(nothingLost);
  });
  test("cut for two minutes", async () => {
    const told = await survive({ ...pulled, seconds: 120, isNoticed: true });
    expect(told).toEqual(nothingLost);
  });
  test("half open for forty seconds", async () => {
    const told = await survive({
      cut: (network) => network.drop(),
      mend: (network) => network.allow(),
      seconds: 40,
      isNoticed: true,
    });
    expect(told).toEqual(nothingLost);
  });
});
