/**
 * Server-sent events (WHATWG HTML, "Interpreting an event stream"), as far as a watch needs them: the text of each
 * `data`. Comments (keep-alive) and other fields are passed over. Rejects when one event grows beyond 64 MiB.
 */
const MOST_EVENT_CHARS = 64 * 1024 * 1024;

export async function* eventTexts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > MOST_EVENT_CHARS) throw new Error("The daemon sent an event without end.");
    // A carriage return at the very end may be the first half of a line end.
    const held = rest.endsWith("\r") ? 1 : 0;
    const lines = rest.slice(0, rest.length - held).split(/\r\n|\n|\r/);
    rest = (lines.pop() ?? "") + rest.slice(rest.length - held);
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield data.join("\n");
        data = [];
      } else if (line === "data") data.push("");
      else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
  }
}
