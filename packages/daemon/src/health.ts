/** What the daemon knows about its own parts; told by `skein status` and `skein doctor`. */
export type Health = {
  readonly parts: () => readonly {
    readonly part: string;
    readonly ok: boolean;
    readonly detail: string;
  }[];
  set(part: string, ok: boolean, detail: string): void;
};

export const makeHealth = (): Health => {
  const parts = new Map<string, { readonly ok: boolean; readonly detail: string }>();
  return {
    parts: () => [...parts].map(([part, state]) => ({ part, ...state })),
    set: (part, ok, detail) => void parts.set(part, { ok, detail }),
  };
};
