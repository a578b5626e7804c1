import { quote } from "@skein/contract/light";

/** What the doctor found: ok, worth knowing, or broken; and the command that repairs it. */
export type Finding = {
  readonly part: string;
  readonly level: "ok" | "warn" | "fail";
  readonly detail: string;
  /** A command, or a sentence when no command can do it; null when nothing is to be done. */
  readonly fix: string | null;
};

export const ok = (part: string, detail: string): Finding => ({
  part,
  level: "ok",
  detail,
  fix: null,
});
export const warn = (part: string, detail: string, fix: string | null): Finding => ({
  part,
  level: "warn",
  detail,
  fix,
});
export const broken = (part: string, detail: string, fix: string): Finding => ({
  part,
  level: "fail",
  detail,
  fix,
});

/** A path as a shell takes it, so that a fix can be copied. */
export const inShell = (path: string): string =>
  /^[\w@%+=:,./~-]+$/.test(path) ? path : quote(path);
