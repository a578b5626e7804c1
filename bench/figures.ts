/** Medians, percentiles, and a line beside its limit. */

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export type Figure = {
  readonly what: string;
  readonly measured: number;
  readonly unit: string;
  /** What must be reached. */
  readonly reach: { readonly atMost: number } | { readonly atLeast: number } | null;
  /** Spread, ratios, conditions. */
  readonly note: string;
};

export const reached = ({ measured, reach }: Figure): boolean =>
  reach === null || ("atMost" in reach ? measured <= reach.atMost : measured >= reach.atLeast);

const number = (value: number): string =>
  value >= 1000
    ? Math.round(value).toLocaleString("en-US")
    : value >= 10
      ? value.toFixed(1)
      : value.toFixed(2);

const limit = (reach: Figure["reach"]): string =>
  reach === null
    ? "-"
    : "atMost" in reach
      ? `<= ${number(reach.atMost)}`
      : `>= ${number(reach.atLeast)}`;

export const table = (figures: readonly Figure[]): string => {
  const rows = [
    ["what", "measured", "reach", "", "note"],
    ...figures.map((one) => [
      one.what,
      `${number(one.measured)} ${one.unit}`,
      limit(one.reach),
      one.reach === null ? "" : reached(one) ? "reached" : "NOT REACHED",
      one.note,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};
