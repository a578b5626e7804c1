/** What the daemon knows about its own parts; told by `skein status` and `skein doctor`. */
export type Health = {
  readonly parts: () => readonly {
    readonly part: string;
    readonly ok: boolean;
    readonly detail: string;
  }[];
  set(part: string, ok: boolean, detail: string): void;
  /**
   * Looked at whenever someone asks: what passes by itself must not be told for longer than it lasts. `look` gives what is wrong
   * now, or null; it counts while nothing worse was set. It must not throw and must not wait.
   */
  watch(part: string, look: () => string | null): void;
};

export const makeHealth = (): Health => {
  const parts = new Map<string, { readonly ok: boolean; readonly detail: string }>();
  const looks = new Map<string, () => string | null>();
  return {
    parts: () =>
      [...parts].map(([part, state]) => {
        const wrong = state.ok ? (looks.get(part)?.() ?? null) : null;
        return wrong === null ? { part, ...state } : { part, ok: false, detail: wrong };
      }),
    set: (part, ok, detail) => void parts.set(part, { ok, detail }),
    watch: (part, look) => void looks.set(part, look),
  };
};
