/**
 * What a person types, as a line editor sees it: text until Enter, pastes as one piece, Ctrl-C and Ctrl-D. Pure, over chunks as
 * they come.
 */
export type Typed =
  | { readonly typed: "text"; readonly text: string }
  | { readonly typed: "enter" }
  | { readonly typed: "interrupt" }
  | { readonly typed: "end" }
  | { readonly typed: "erase" };

const BEGIN = "\u001b[200~";
const END = "\u001b[201~";

const keyOf = (char: string): Typed => {
  switch (char) {
    case "\r":
    case "\n":
      return { typed: "enter" };
    case "\u0003":
      return { typed: "interrupt" };
    case "\u0004":
      return { typed: "end" };
    case "\u007f":
      return { typed: "erase" };
    default:
      return { typed: "text", text: char };
  }
};

/** Gives what is complete; the beginning of a paste or of its marks waits for the rest. */
export const makeKeyboard = () => {
  let waiting = "";
  return (chunk: string): readonly Typed[] => {
    waiting += chunk;
    const typed: Typed[] = [];
    while (waiting !== "") {
      if (waiting.startsWith(BEGIN)) {
        const end = waiting.indexOf(END);
        if (end === -1) break;
        // A terminal sends the line ends of a paste as carriage returns.
        const text = waiting.slice(BEGIN.length, end).replaceAll("\r", "\n");
        typed.push({ typed: "text", text });
        waiting = waiting.slice(end + END.length);
        continue;
      }
      // Cursor keys, and the terminal's answers to what was asked of it: of no use here.
      if (/^\u001b(?:\[[\d;?>]*)?$/.test(waiting)) break;
      const sequence = /^\u001b\[[\d;?>]*[A-Za-z~]/.exec(waiting)?.[0];
      if (sequence !== undefined) {
        waiting = waiting.slice(sequence.length);
        continue;
      }
      const plain = /^[^\x00-\x1f\x7f]+/.exec(waiting)?.[0];
      if (plain !== undefined) typed.push({ typed: "text", text: plain });
      else if (waiting[0] !== "\u001b") typed.push(keyOf(waiting[0]!));
      waiting = waiting.slice(plain?.length ?? 1);
    }
    return typed;
  };
};
