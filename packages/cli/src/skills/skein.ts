/** The skill that teaches an agent to work with other agents through Skein. Raise VERSION whenever the text changes. */
import { stamped, stampPlace } from "../stamp.ts";

const VERSION = 1;

export const skeinSkill = stamped(`---
name: skein
description: Start other coding agents (Claude Code, Codex and others) as sessions, give them work, wait for it, read their answers and decide what they ask, by the program skein. Use it when work should be delegated, done in parallel, or looked at by a second agent.
metadata:
  ${stampPlace(VERSION)}
---

# Skein: working with other agents

A session is one conversation with one agent in one folder. It has a name such as fizz-top. It goes on
by itself: nothing is lost when your own turn ends, and anyone may come back to it later.

Every command is the program skein. Each has a help page with examples: skein help send.

## The usual way

    skein create -q -p . -d "what it is for"      # prints the session's name
    skein ask NAME "What does this project do?"   # sends, waits, prints the answer

For work that takes longer, send and wait apart:

    skein send NAME "Run the tests and fix what fails"
    skein wait NAME -t 30m
    skein last-message NAME

A long prompt goes through a file or standard input, never through quoting:

    skein send NAME -f task.md
    git diff | skein send NAME -

A file given with -f may hold {{name}}, {{workspace}}, {{date}} and what --var NAME=VALUE sets. If it holds
other double braces, send it as it is: skein send NAME --no-vars -f task.md.

Tell the agent all that it needs: it does not see your conversation. Name files by their path, say
what is to be done, how to check it, and what is not to be touched.

## Exit codes decide what you do next

wait and ask end with:

- 0: the work is done. Read it: skein last-message NAME, or skein logs NAME.
- 1: it failed; the reason is on stderr. Look: skein logs NAME.
- 3: it asks for a decision. What is asked is printed, with the command that answers it. See below.
- 124: the time is over and it is still working. That is no failure: wait again.
- 255: the daemon was not reached; nothing is known of the work. Start it (skein up --detach), then
  wait again. A wait can always be repeated. A send can be repeated without doing it twice when it
  is given the same --client-id.

All commands: 2 means that the command line was mistyped.

## Decisions

An agent asks before it runs or changes things, unless its permissions say otherwise
(skein create --permissions read-only|guarded|workspace|full; guarded is the default).

    skein approvals                     # all that waits for a decision
    skein respond NAME allow            # this once
    skein respond NAME always           # this and its like, for this session
    skein respond NAME deny -m "why"    # the agent reads why
    skein respond NAME --answer 2       # a question, by number, label or in your own words

Allow what serves the task that you gave, and read the whole command first. What is destructive, or
goes beyond the task, is for the person you work for: ask them, do not decide it. Never choose
--permissions full unless that person asked for it.

## Several at once

    A=$(skein create -q -p . -d "review the parser")
    B=$(skein create -q -p . --cli codex -d "review the parser, too")
    skein send $A -f review.md
    skein send $B -f review.md
    skein wait $A $B -t 30m             # until both are done, or one needs a decision
    skein wait $A $B --any              # until the first is

Sessions in one folder see each other's changes. Let only one of them write, or give each its own
git worktree. Many can have one name, as a group:

    skein create -q -p . --group reviews          # as often as you need one
    skein send --group reviews -f review.md
    skein wait --group reviews -t 1h
    skein kill --group reviews

## Until something is reached

    skein goal NAME "All tests pass" --budget 5usd
    skein wait NAME --goal -t 8h        # 0 reached; 3 blocked or paused; 1 spent or failed

It goes on turn after turn by itself. Always give a budget.

## On another machine

    skein host list                     # the machines that there are
    skein create -q --host HOST -p /path/there

## Looking

    skein list                          # every session: what it does, and why
    skein status NAME                   # one of them
    skein logs NAME                     # what it said and did
    skein usage NAME                    # tokens and cost

With --json a command prints its view for programs: skein list --json | jq -r '.sessions[].name'.

status says where it knows from. Only "working" means that a turn runs; "waiting" needs a decision;
"unreachable" means that its host does not answer, not that it is dead.

## While it works

    skein send NAME --steer "Use pnpm"            # into the turn that runs, where the agent can
    skein send NAME --interrupt "Stop. Instead:"  # ends the turn first
    skein interrupt NAME                          # ends the turn; the session stays

Without either, a prompt waits its turn.

## When you are done

    skein stop NAME                     # its process ends; it can be resumed later
    skein kill NAME                     # takes it off the list for good

Kill only what you created. Others on the list belong to somebody.
`);
