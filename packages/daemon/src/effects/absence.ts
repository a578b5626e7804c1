/** What it means for the sessions of a host that it goes out of reach, comes back, or is forgotten. */
import type { Fact, Reach } from "@skein/sdk";
import type { Agent } from "./agent.ts";
import type { Attention } from "./attention.ts";
import { tellOf, type Away } from "./away.ts";
import type { Hands, HandsDeps } from "./hands.ts";

type Absence = {
  /** Told in the order of the calls. Never throws, never waits. */
  reached(host: string, reach: Reach): void;
  forsake(host: string): Promise<void>;
};

type AbsenceDeps = Pick<HandsDeps, "port" | "clock" | "log"> & {
  readonly hands: Hands;
  readonly away: Away;
  readonly attention: Attention;
};

/** Whoever only waits for the link is back with it. One that nobody has in hand is back when it has been found. */
const isBack = (agent: Agent): boolean => agent.reached || agent.starting !== null;

/** Of a host that is back: what was silent meanwhile was not, and what lasts begins to last now. */
const renew = ({ hands, attention, clock }: AbsenceDeps, session: string): void => {
  attention.begin(session);
  for (const agent of hands.all()) if (agent.session === session) agent.heardAt = clock.now();
};

const tellOne = async (
  deps: AbsenceDeps,
  session: string,
  of: { readonly host: string; readonly reach: Reach },
): Promise<void> => {
  const { port, hands } = deps;
  const { host, reach } = of;
  const brief = await port.brief(session);
  if (brief === null || brief.host !== host || brief.process === "none") return;
  const { generation } = brief;
  if (reach.state === "unreachable") {
    const fact: Fact = { fact: "unreachable", reason: reach.reason };
    return tellOf(deps, { session, generation }, fact);
  }
  renew(deps, session);
  const agent = hands.all().find((one) => one.session === session);
  if (agent !== undefined && isBack(agent))
    await tellOf(deps, { session, generation }, { fact: "reachable" });
};

export const makeAbsence = (deps: AbsenceDeps): Absence => {
  const { hands, away, attention, log } = deps;
  let last: Promise<void> = Promise.resolve();

  const tell = async (host: string, reach: Reach): Promise<void> => {
    for (const session of attention.sessions()) {
      if (hands.released()) return;
      await tellOne(deps, session, { host, reach }).catch((error: unknown) =>
        log("info", "a session was not told of its host", { session, error: String(error) }),
      );
    }
  };

  return {
    reached: (host, reach) => {
      away.changed(host, reach);
      last = last.then(() => tell(host, reach));
    },
    forsake: async (host) => {
      for (const agent of hands.all().filter((one) => one.host === host)) {
        agent.over = true;
        await hands.drop(agent).catch((error: unknown) =>
          log("info", "an agent could not be let go", {
            session: agent.session,
            error: String(error),
          }),
        );
      }
    },
  };
};
