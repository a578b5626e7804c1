/** What the fake LLM knows of a request, whichever API it came through. */
export interface Conversation {
  /** The client's own id of the conversation; empty when it sends none. */
  readonly id: string;
  readonly model: string;
  readonly stream: boolean;
  /** The client asks for a title of its own accord, with the prompt inside: no script is followed then. */
  readonly asksForTitle: boolean;
  /** What a person really typed, oldest first: no reminders, no environment blocks, no interrupt marks. */
  readonly turns: readonly string[];
  /** Tool results that came back after the last of those, in order. */
  readonly results: readonly string[];
  readonly tools: readonly OfferedTool[];
}

export interface OfferedTool {
  readonly name: string;
  /** `text`: takes free text (OpenAI's custom tools); `json`: takes an object. */
  readonly form: "json" | "text";
  /** OpenAI groups MCP tools so; the call must name the group. */
  readonly namespace?: string;
}

export type Entry =
  | { readonly kind: "user"; readonly text: string }
  | { readonly kind: "result"; readonly text: string };

/**
 * Order inside the list is what counts: after an interrupt Claude Code sends the result of the old tool and the new
 * prompt in one message, so a result that stands before the last prompt belongs to the turn before.
 */
export function gatherTurns(entries: Iterable<Entry>): Pick<Conversation, "turns" | "results"> {
  const turns: string[] = [];
  let results: string[] = [];
  for (const entry of entries) {
    if (entry.kind === "user") {
      turns.push(entry.text);
      results = [];
    } else {
      results.push(entry.text);
    }
  }
  return { turns, results };
}
