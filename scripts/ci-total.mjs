/**
 * Adds up what the suites named as arguments left in .cache/results: says again what failed, then prints one line, the
 * last of a CI run. A suite without a result (it was killed, or never started) counts as one failure. Exit 0: all passed,
 * nothing skipped.
 * Plain JavaScript: it must speak even where the set-up failed and there is only the machine's own Node.
 */
import { readFileSync } from "node:fs";
import { argv, exit, stderr, stdout } from "node:process";

const total = { passed: 0, failed: 0, skipped: 0 };

for (const suite of argv.slice(2)) {
  try {
    const result = JSON.parse(
      readFileSync(new URL(`../.cache/results/${suite}.json`, import.meta.url), "utf8"),
    );
    for (const key of Object.keys(total)) total[key] += result[key];
    for (const failure of result.failures) stdout.write(`== failed in ${suite}: ${failure}\n`);
  } catch {
    stderr.write(`The suite '${suite}' left no result: counted as one failure.\n`);
    total.failed += 1;
  }
}

stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
exit(total.failed === 0 && total.skipped === 0 && total.passed > 0 ? 0 : 1);
