/**
 * What every Store must do, whatever keeps it. Run it from a test file of the implementation:
 * `storeConformance("sqlite", makeOne)`. It speaks through the port alone.
 */
import { describe } from "vitest";
import { commits } from "./testkit/commits.ts";
import { effects } from "./testkit/effects.ts";
import type { Make } from "./testkit/kit.ts";
import { log } from "./testkit/log.ts";
import { model } from "./testkit/model.ts";
import { pages } from "./testkit/pages.ts";
import { rows } from "./testkit/rows.ts";

export type { Make, UnderTest } from "./testkit/kit.ts";

export const storeConformance = (name: string, make: Make): void => {
  describe(`store: ${name}`, () => {
    commits(make);
    log(make);
    rows(make);
    pages(make);
    effects(make);
    model(make);
  });
};
