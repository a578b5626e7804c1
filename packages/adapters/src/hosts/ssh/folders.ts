/** Folders and programs over there, as a person means them. */
import { quote } from "@skein/contract";
import { SYSTEM_PATH, type Host } from "@skein/sdk";
import type { Ask } from "./ask.ts";

/** Sets l for the folder $f. What lies below a folder that may not be entered is unreadable, not missing. */
export const lookAtFolder = `
if [ -d "$f" ]; then l=unreadable; [ -r "$f" ] && [ -x "$f" ] && l=directory
elif [ -e "$f" ]; then l=file
else
  l=missing; u=$f
  while [ "$u" != / ] && [ "$u" != . ] && ! [ -e "$u" ]; do u=$(dirname -- "$u"); done
  if [ -d "$u" ] && ! [ -x "$u" ]; then l=unreadable; fi
fi`;

export const makeFolder =
  (ask: Ask): Host["folder"] =>
  async (path) => {
    const { output } = await ask(`f=${quote(path)}${lookAtFolder}\necho "$l"`);
    const found = output.toString("utf8").trim();
    return found === "directory" || found === "file" || found === "missing" ? found : "unreadable";
  };

/** A name with a slash is a path; any other is looked for in the folders of PATH, where relative ones do not count. */
export const makeWhich =
  (ask: Ask): Host["which"] =>
  async (command, path = SYSTEM_PATH) => {
    if (command === "" || command.includes("\0")) return null;
    const is = `is() { [ -f "$1" ] && [ -x "$1" ]; }\nc=${quote(command)}\n`;
    const direct = `is "$c" && case $c in /*) printf %s "$c" ;; *) printf %s "$PWD/$c" ;; esac`;
    const sought = `set -f; IFS=:; for f in ${"$p"}; do
  case $f in /*) if is "$f/$c"; then printf %s "$f/$c"; break; fi ;; esac
done`;
    const body = command.includes("/") ? direct : `p=${quote(path)}\n${sought}`;
    const { output } = await ask(`${is}${body}\n:`);
    return output.length === 0 ? null : output.toString("utf8");
  };
