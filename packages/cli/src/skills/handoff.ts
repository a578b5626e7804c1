/** The skill that teaches an agent to hand its work over. Raise VERSION whenever the text changes. */
import { stamped, stampPlace } from "../stamp.ts";

const VERSION = 1;

export const handoffSkill = stamped(`---
name: handoff
description: Hand the work of this session over to a new agent session with a written briefing, by the program skein. Use it when the person asks for a handoff, when the context is nearly full, or when another agent or machine should go on.
metadata:
  ${stampPlace(VERSION)}
---

# Handing work over

The one who takes over knows nothing of this conversation. All that it will know stands in the
briefing. Write it so that a stranger could go on at once.

## 1. Look before you write

Do not write from memory what can be looked up: git status, git log, the failing test's own output.
Say what you know and what you suppose, apart.

## 2. Write the briefing into a file

    mkdir -p .handoff
    # then write .handoff/NAME.md

with these parts, each as short as it can be:

- Goal: what the person wants, in their own words where it matters, and what they ruled out.
- State: what is done, what is half done, what has not been begun. Branch, last commit, files that
  are changed but not committed.
- How to check: the commands that build and test it, and what they print now.
- Decisions: what was chosen and why, and what was tried and failed, so that nobody tries it again.
- Next steps: in order, the first so concrete that it can be begun without a question.
- Traps: what surprised you, and what must not be touched.
- Open questions: who can answer them.

No secrets: no keys, tokens or passwords; name where they are kept. If .handoff does not belong into
the repository, keep git from seeing it: add it to .git/info/exclude.

## 3. Leave a clean edge

Stop what you started in the background, or name it in the briefing. Do not edit files any more once
the other has begun: two writers in one folder undo each other's work.

## 4. Start the other one

    NAME=$(skein create -q -p "$PWD" -d "takes over: GOAL IN A FEW WORDS")
    skein send "$NAME" --no-vars -f .handoff/NAME.md

With another agent: skein create --cli codex. On another machine: skein create --host HOST -p FOLDER, where
the folder must have the same commit. A file that lies here only is not seen there: send the briefing with -f
as above, which carries its text.

Give it no wider permissions than you have.

## 5. See that it has understood

    skein ask "$NAME" "Say in five sentences what you will do, and ask what is unclear. Begin only after that."

Exit code 3 means that it asks for a decision; skein respond NAME answers it. Correct what it got
wrong, then let it begin:

    skein send "$NAME" "Go on."

## 6. Tell the person

The session's name, what you handed over, and how they can look: skein logs NAME -f. Then stop: the
work is the other one's now.
`);
