import { expect, test } from "vitest";
import { compare } from "../stamp.ts";
import type { Job } from "./job.ts";
import { labelOf, launchdText, systemdText } from "./texts.ts";

const job = (more: Partial<Job> = {}): Job => ({
  kind: "daemon",
  name: "skein",
  says: "Skein, 100% here",
  argv: ["/opt/no de/bin/node", "/srv/$HOME/sk%ein.js", "up"],
  home: '/home/me & <you>/"it"\\s',
  path: "/usr/bin:/bin",
  ...more,
});

test("a unit for systemd: every word is one word, and none is systemd's own", () => {
  const lines = systemdText(job()).split("\n");
  expect(lines).toContain('ExecStart="/opt/no de/bin/node" "/srv/$$HOME/sk%%ein.js" "up"');
  expect(lines).toContain('Environment="SKEIN_HOME=/home/me & <you>/\\"it\\"\\\\s"');
  expect(lines).toContain("Description=Skein, 100%% here");
  for (const line of [
    "Restart=on-failure",
    "KillMode=process",
    "OOMPolicy=continue",
    "WantedBy=default.target",
  ])
    expect(lines).toContain(line);
  expect(lines.filter((line) => line.startsWith("["))).toEqual([
    "[Unit]",
    "[Service]",
    "[Install]",
  ]);
  expect(lines.join("\n")).not.toContain("After=");
});

test("the gateway's unit comes after the daemon's of the same state folder", () => {
  const text = systemdText(job({ kind: "gateway", name: "skein-gateway-0123abcd" }));
  expect(text).toContain("\nAfter=skein-0123abcd.service\n");
});

const strings = (plist: string): string[] =>
  [...plist.matchAll(/<string>([^<]*)<\/string>/g)].map(([, text = ""]) =>
    text
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&apos;", "'")
      .replaceAll("&amp;", "&"),
  );

/** The elements that are opened and not closed in order; nothing else may be markup. */
const unclosed = (plist: string): string[] => {
  const elements = plist
    .replace(/^<\?xml[^>]*>\s*<!DOCTYPE[^>]*>/, "")
    .replaceAll(/<!--[\s\S]*?-->/g, "")
    .matchAll(/<(\/?)([a-z]+)([^>]*)>/g);
  const open: string[] = [];
  for (const [, slash, name = "", rest = ""] of elements) {
    if (slash === "/" && open.at(-1) === name) open.pop();
    else if (slash === "/") return [...open, `/${name}`];
    else if (!rest.endsWith("/")) open.push(name);
  }
  return open;
};

test("a property list for launchd: well-formed, whatever is in it", () => {
  const given = job();
  const plist = launchdText(given);
  expect(strings(plist)).toEqual([
    "dev.skein.daemon",
    ...given.argv,
    given.home,
    given.path,
    `${given.home}/logs/daemon.out.log`,
    `${given.home}/logs/daemon.out.log`,
  ]);
  expect(unclosed(plist)).toEqual([]);
  for (const comment of plist.matchAll(/<!--([\s\S]*?)-->/g))
    expect(comment[1]).not.toContain("--");
  for (const [key, value] of [
    ["RunAtLoad", "<true/>"],
    ["AbandonProcessGroup", "<true/>"],
    ["SuccessfulExit", "<false/>"],
  ] as const)
    expect(plist).toMatch(new RegExp(`<key>${key}</key>\\s*${value}`));
});

test("labels tell the daemon, the gateway and their state folders apart", () => {
  const names = ["skein", "skein-0123abcd", "skein-gateway", "skein-gateway-0123abcd"];
  expect(names.map((name) => labelOf(job({ name })))).toEqual([
    "dev.skein.daemon",
    "dev.skein.daemon-0123abcd",
    "dev.skein.gateway",
    "dev.skein.gateway-0123abcd",
  ]);
});

test("both carry a stamp that fits", () => {
  for (const make of [systemdText, launchdText]) {
    const text = make(job());
    expect(compare(text, make(job({ path: "/bin" })))).toBe("older");
    expect(compare(text.replace("/bin", "/mine"), text)).toBe("changed");
  }
});
