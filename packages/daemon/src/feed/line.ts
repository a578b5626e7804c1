/** First in, first out, in constant time however long it grows. */
export type Line<T> = {
  push(value: T): void;
  shift(): T | undefined;
  readonly length: number;
};

/** Values already taken are let go of in portions of this many. */
const SPENT = 1_024;

export const makeLine = <T>(): Line<T> => {
  let values: (T | undefined)[] = [];
  let first = 0;
  return {
    push(value) {
      values.push(value);
    },
    shift() {
      if (first === values.length) return undefined;
      const value = values[first];
      values[first] = undefined;
      first += 1;
      if (first === values.length) {
        values = [];
        first = 0;
      } else if (first >= SPENT && first * 2 >= values.length) {
        values = values.slice(first);
        first = 0;
      }
      return value;
    },
    get length() {
      return values.length - first;
    },
  };
};
