/**
 * Where every prompt is, told from the events alone: each is in exactly one place, in its order, and is never
 * given again once the agent has taken it.
 */
import type { NewEvent } from "@skein/contract";

type Place = "queued" | "current" | "ended" | "dropped" | "steered" | "heard";

export const makeLedger = () => {
  const places = new Map<string, Place>();
  const taken = new Set<string>();
  let queue: string[] = [];
  const broken: string[] = [];

  const move = (prompt: string, from: readonly (Place | undefined)[], to: Place): void => {
    const place = places.get(prompt);
    if (!from.includes(place)) broken.push(`${prompt} went from ${String(place)} to ${to}`);
    places.set(prompt, to);
  };

  const leave = (prompt: string): void => {
    queue = queue.filter((one) => one !== prompt);
  };

  const event = ({ type, data }: NewEvent): void => {
    switch (type) {
      case "session.prompt.queued":
        move(data.prompt, [undefined, "steered"], "queued");
        queue = data.how === "interrupt" ? [data.prompt, ...queue] : [...queue, data.prompt];
        return;
      case "session.prompt.steered":
        return move(data.prompt, [undefined], "steered");
      case "session.item":
        if (places.get(data.item.id) === "steered") move(data.item.id, ["steered"], "heard");
        return;
      case "session.process.ended":
        for (const [prompt, place] of places)
          if (place === "steered") broken.push(`${prompt} was lost with its process`);
        return;
      case "session.deleted":
        for (const [prompt, place] of places)
          if (place === "steered") move(prompt, ["steered"], "dropped");
        return;
      case "session.prompt.dropped":
        leave(data.prompt);
        return move(data.prompt, ["queued"], "dropped");
      case "session.prompt.returned":
        queue = [data.prompt, ...queue];
        if (taken.has(data.prompt)) broken.push(`${data.prompt} came back though it was taken`);
        return move(data.prompt, ["current"], "queued");
      case "session.prompt.accepted":
        taken.add(data.prompt);
        if (places.get(data.prompt) !== "current") broken.push(`${data.prompt} was taken unasked`);
        return;
      case "session.turn.started":
        // Typed into the agent itself: it never stood in the queue.
        if (data.begun !== undefined) {
          taken.add(data.turn.prompt);
          return move(data.turn.prompt, [undefined], "current");
        }
        if (taken.has(data.turn.prompt)) broken.push(`${data.turn.prompt} was given again`);
        if (queue[0] !== data.turn.prompt) broken.push(`${data.turn.prompt} was not next`);
        leave(data.turn.prompt);
        return move(data.turn.prompt, ["queued"], "current");
      case "session.turn.ended":
        if (places.get(data.turn.prompt) === "current")
          return move(data.turn.prompt, ["current"], "ended");
        return;
      default:
        return;
    }
  };

  return {
    events: (events: readonly NewEvent[]): void => events.forEach(event),
    queue: (): readonly string[] => queue,
    at: (place: Place): string[] =>
      [...places].filter(([, one]) => one === place).map(([prompt]) => prompt),
    broken: (): readonly string[] => broken,
  };
};
