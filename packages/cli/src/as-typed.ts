/** Commands that people are told to type, as they would type them: `./skein` in a clone. */
export const asTyped = (text: string, command: string): string =>
  text.replace(/(?<![\w./-])skein (?=[a-z])/g, `${command} `);
