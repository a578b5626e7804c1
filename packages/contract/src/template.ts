/**
 * Variables in a prompt's text: `{{name}}`. One pass: what a value holds is never read again. `\{{` is a literal `{{`.
 * Whatever else begins with `{{` is refused, all of it at once: a misspelt variable must not reach an agent. Pure.
 */
import { nearest } from "./nearest.ts";

export type Filled =
  | { readonly ok: true; readonly text: string }
  /** As they stand in the text, each once, in their order; `meant`: the known variable that was most likely meant. */
  | { readonly ok: false; readonly unknown: readonly Unknown[] };

export type Unknown = { readonly written: string; readonly meant: string | null };

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const MARK = /\\\{\{|\{\{([^{}\n]*)\}\}|\{{2,}/g;
/** Of what cannot be a variable, as much as a person needs to find it: its braces' end, or else what stands before the next ones. */
const SHOWN_CHARS = 40;
const OWN_PART = /^\{+(?:(?:(?!\{\{).)*?\}{2,}|(?:(?!\{\{).)*)/;

export const isVariableName = (name: string): boolean => NAME.test(name);

export const hasVariables = (text: string): boolean => text.includes("{{");

const shown = (template: string, at: number): string =>
  (OWN_PART.exec(template.slice(at, at + SHOWN_CHARS))?.[0] ?? "").trimEnd();

export const fillTemplate = (
  template: string,
  values: Readonly<Record<string, string>>,
): Filled => {
  const unknown = new Map<string, Unknown>();
  const text = template.replaceAll(MARK, (mark, inner: string | undefined, at: number) => {
    if (mark.startsWith("\\")) return "{{";
    const name = inner?.trim();
    if (name !== undefined && Object.hasOwn(values, name)) return values[name] ?? "";
    const written = inner === undefined ? shown(template, at) : mark;
    const meant =
      name !== undefined && isVariableName(name) ? nearest(name, Object.keys(values)) : null;
    unknown.set(written, { written, meant });
    return mark;
  });
  return unknown.size === 0 ? { ok: true, text } : { ok: false, unknown: [...unknown.values()] };
};

/** The variables that a text refers to, each once, in their order. */
export const variablesIn = (template: string): string[] => {
  const names = [...template.matchAll(MARK)].map(([, inner]) => inner?.trim() ?? "");
  return [...new Set(names.filter(isVariableName))];
};

/** The template whose text this is, whatever it holds. */
export const asTemplate = (text: string): string => text.replaceAll("{{", "\\{{");
