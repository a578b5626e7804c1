/** One effect, one call of a driver's link. */
import type { Effect } from "../engine/ports.ts";
import type { AgentLink } from "@skein/sdk";

/** Rejects with the link's AdapterFailure. `agent.remove` is no matter of a link. */
export const execute = (link: AgentLink, effect: Effect): Promise<void> => {
  switch (effect.kind) {
    case "agent.start":
      return link.start();
    case "agent.prompt":
      return link.prompt(effect);
    case "agent.steer":
      return link.steer(effect);
    case "agent.interrupt":
      return link.interrupt(effect);
    case "agent.answer":
      return link.answer({
        request: effect.request,
        resolution: effect.resolution,
        approval: effect.asked,
      });
    case "agent.stop":
      return link.stop(effect);
    case "agent.remove":
      return Promise.resolve();
  }
};
