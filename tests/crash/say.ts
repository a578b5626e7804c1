/** One line for the person who reads the run: what the checks have counted, and the seed to have it again. */
export const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
