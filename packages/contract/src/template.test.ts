import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asTemplate, fillTemplate, variablesIn } from "./template.ts";

const values = { session: "ses_1", host: "local", workspace: "/srv/shop", date: "2026-11-20" };

describe("a template", () => {
  test.each([
    ["Look at {{workspace}} on {{host}}.", "Look at /srv/shop on local."],
    ["{{ session }}{{session}}", "ses_1ses_1"],
    ["a { b } {c} }} } {", "a { b } {c} }} } {"],
    ["\\{{session}} is {{session}}", "{{session}} is ses_1"],
    ["", ""],
  ])("%j is %j", (template, text) => {
    expect(fillTemplate(template, values)).toEqual({ ok: true, text });
  });

  test("with variables that nobody set names them all, each once, with what was meant", () => {
    expect(fillTemplate("{{sesion}} {{x y}} {{sesion}} {{host}} {{#if a\nb {{}}", values)).toEqual({
      ok: false,
      unknown: [
        { written: "{{sesion}}", meant: "session" },
        { written: "{{x y}}", meant: null },
        { written: "{{#if a", meant: null },
        { written: "{{}}", meant: null },
      ],
    });
  });

  test("shows of each place that is no variable what belongs to it, and of no other", () => {
    const places = ["{{{host}}}", "{{}}", "{{na me}}", "{{{{x}}}}", "{{ a } b", "{{"];
    expect(fillTemplate(places.join(" "), values)).toEqual({
      ok: false,
      unknown: places.map((written) => ({ written, meant: null })),
    });
  });

  test("knows no variable that an object has by nature", () => {
    expect(fillTemplate("{{constructor}}{{__proto__}}", {}).ok).toBe(false);
  });
});

/** Texts in which braces and backslashes are as likely as anything else. */
const braced = fc.string({
  unit: fc.constantFrom("{", "}", "{{", "}}", "\\", "a", " ", "\n", "session"),
});

describe("any text", () => {
  test("written as a template gives itself", () => {
    fc.assert(
      fc.property(braced, (text) => {
        expect(fillTemplate(asTemplate(text), values)).toEqual({ ok: true, text });
      }),
    );
  });

  test("without two braces in a row is its own template", () => {
    fc.assert(
      fc.property(braced, (text) => {
        fc.pre(!text.includes("{{"));
        expect(fillTemplate(text, values)).toEqual({ ok: true, text });
      }),
    );
  });

  test("as a value arrives as it is, and is not read again", () => {
    fc.assert(
      fc.property(braced, braced, (before, value) => {
        const template = `${asTemplate(before)}\n{{v}}\n`;
        expect(fillTemplate(template, { ...values, v: value })).toEqual({
          ok: true,
          text: `${before}\n${value}\n`,
        });
      }),
    );
  });

  test("is filled whole or refused: no mark of a variable is left in what is sent", () => {
    fc.assert(
      fc.property(braced, (text) => {
        const filled = fillTemplate(text, values);
        // What stands on both sides of a mark is no neighbour of the other's.
        const marks = text.replaceAll("\\{{", "-");
        expect(filled.ok || marks.includes("{{")).toBe(true);
        const known = marks.replaceAll(/\{\{ *(session) *\}\}/g, "-");
        expect(filled.ok && known.includes("{{")).toBe(false);
      }),
      { examples: [["{\\{{{"], ["{{{session}}{"]] },
    );
  });
});

test("the variables that a text refers to, each once; what is written out is none", () => {
  expect(variablesIn("{{b}} {{ a }} {{b}} \\{{c}} {{no name}} {{d")).toEqual(["b", "a"]);
});
