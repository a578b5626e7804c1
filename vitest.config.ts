import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

/**
 * Five projects, told apart by what a test may touch.
 *
 * `unit`         pure or in-process; one thread pool without isolation, which is what keeps it fast
 *                (so: no module-level mutable state in tests or in what they import).
 * `integration`  starts daemons, sockets and CLIs; a forked, isolated process for each file.
 * `agents`       the real agent CLIs; run by `npm run test:agents` alone.
 * `hosts`        network namespaces, sshd, containers; run by `npm run test:hosts` alone.
 * `crash`        kill -9 cycles and power loss; run by `npm run test:crash` alone.
 *
 * A project whose folder holds a `global-setup.ts` gets it run once before its first test.
 */
type Project = { name: string; include: string[]; home: string; timeout: number };

const isolated = ({ name, include, home, timeout }: Project) => {
  const setup = `${home}/global-setup.ts`;
  return {
    test: {
      name,
      include,
      pool: "forks" as const,
      isolate: true,
      testTimeout: timeout,
      hookTimeout: timeout,
      ...(existsSync(new URL(setup, import.meta.url)) ? { globalSetup: setup } : {}),
    },
  };
};

export default defineConfig({
  test: {
    // A test marked `only` would hide all the others, here and not only where CI=1.
    allowOnly: false,
    retry: 0,
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "packages/**/*.test.ts",
            "scripts/**/*.test.ts",
            "tests/architecture/**/*.test.ts",
          ],
          pool: "threads",
          isolate: false,
          // Some drive real processes; on a busy machine these take their time. This only ends what hangs.
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      isolated({
        name: "integration",
        include: ["tests/{daemon,cli,security,faults}/**/*.test.ts"],
        home: "./tests",
        // Most start a daemon, which has a minute. This only ends what hangs.
        timeout: 90_000,
      }),
      isolated({
        name: "agents",
        include: ["tests/agents/**/*.test.ts"],
        home: "./tests/agents",
        timeout: 120_000,
      }),
      isolated({
        name: "hosts",
        include: ["tests/hosts/**/*.test.ts"],
        home: "./tests/hosts",
        timeout: 60_000,
      }),
      isolated({
        name: "crash",
        include: ["tests/crash/**/*.test.ts"],
        home: "./tests/crash",
        timeout: 300_000,
      }),
    ],
  },
});
