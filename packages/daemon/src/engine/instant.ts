/** An instant as people read it. Written once for all that happens in the same millisecond: it is on the path of every append. */
const makeInstants = (): ((at: number) => string) => {
  let last = Number.NaN;
  let text = "";
  return (at) => {
    if (at !== last) {
      last = at;
      text = new Date(at).toISOString();
    }
    return text;
  };
};

export const instant = makeInstants();
