/** Colours, where a person looks and has not switched them off. Text is escaped before it is painted, never after. */
export type Paint = {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
};

const plain = (text: string): string => text;
const around = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;

export const makePaint = (isColoured: boolean): Paint =>
  isColoured
    ? {
        bold: around(1, 22),
        dim: around(2, 22),
        red: around(31, 39),
        green: around(32, 39),
        yellow: around(33, 39),
        cyan: around(36, 39),
      }
    : { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };
