/** The way to hosts over ssh: nothing but what `ssh NAME` needs. */
import { adapterFailure } from "@skein/sdk";
import type { Building } from "./building.ts";
import type { Linker } from "./hosting.ts";

export const makeLinker = (_building: Building): Linker => {
  const none = (name: string) =>
    adapterFailure(`There is no way to ${name} yet.`, {
      kind: "unsupported",
      code: "host_unusable",
      remedy: "Take a newer version of Skein.",
      retryable: false,
    });
  return {
    meet: (name) => Promise.reject(none(name)),
    link: (name) => {
      throw none(name);
    },
  };
};
