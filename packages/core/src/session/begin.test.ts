import { describe, expect, test } from "vitest";
import { creation, exited, idleLife, makeLife, startFailed, started } from "./testkit/life.ts";

describe("a new session", () => {
  test("takes the first free name and starts its agent", () => {
    const life = makeLife(["fizz-top"]);
    life.create();
    expect(life.view().name).toBe("lux-mid");
    expect(life.names()).toEqual(["fizz-top", "lux-mid"]);
    expect(life.effects("agent.start")).toMatchObject([
      { how: "new", forkFrom: null, generation: 1 },
    ]);
    expect(life.status()).toMatchObject({ state: "starting", reason: "the agent starts" });
  });

  test("takes the chosen name before any proposed one", () => {
    const life = makeLife();
    life.create({ name: "release-notes" });
    expect(life.view().name).toBe("release-notes");
  });

  test("is refused when its name is in use", () => {
    expect(makeLife(["mine"]).refusal(creation({ name: "mine" }))).toBe("name_taken");
  });

  test("is refused when every proposed name is in use", () => {
    expect(makeLife(["fizz-top", "lux-mid"]).refusal(creation())).toBe("name_taken");
  });

  test("is never made twice under one id", () => {
    expect(idleLife().refusal(creation())).toBe("invalid_input");
  });

  test("is not found before it exists", () => {
    expect(makeLife().refusal({ type: "stop" })).toBe("session_not_found");
  });
});

describe("the start of an agent", () => {
  test("makes it idle and keeps the vendor's id", () => {
    const life = idleLife();
    expect(life.doing()).toBe("idle");
    expect(life.status().reason).toBe("ready for a prompt");
    expect(life.view().providerSessionId).toBe("vendor-1");
  });

  test("gives it the prompt that came meanwhile", () => {
    const life = makeLife();
    life.create();
    expect(life.send("one").delivery).toBe("queued");
    expect(life.given()).toEqual([]);
    life.facts(started());
    expect(life.given()).toEqual(["one"]);
    expect(life.doing()).toBe("working");
  });

  test("is not over when only the vendor's id is known", () => {
    const life = makeLife();
    life.create();
    life.send("one");
    life.facts({ fact: "provider-session", providerSessionId: "vendor-9" });
    expect(life.doing()).toBe("starting");
    expect(life.given()).toEqual([]);
    expect(life.view().providerSessionId).toBe("vendor-9");
    life.facts(started({ providerSessionId: null }));
    expect(life.view().providerSessionId).toBe("vendor-9");
    expect(life.given()).toEqual(["one"]);
  });

  test("told again by a daemon that adopted it changes nothing", () => {
    const life = idleLife();
    const told = life.all().length;
    life.facts(started({ adopted: true }));
    expect(life.all().length).toBe(told);
  });

  test("keeps its prompt when it fails, says why, and tries again with the next prompt", () => {
    const life = makeLife();
    life.create();
    life.send("one");
    life.facts(startFailed());
    expect(life.doing()).toBe("failed");
    expect(life.status().reason).toBe(
      "It did not start. Try again. What is queued waits for `skein resume` or the next prompt.",
    );
    expect(life.queue()).toEqual(["one"]);
    life.send("two");
    life.facts(started());
    expect(life.given()).toEqual(["one"]);
    life.accept();
    life.finish();
    expect(life.given()).toEqual(["one", "two"]);
  });

  test("that fails for want of a login waits for one, and `resume` tries again", () => {
    const life = makeLife();
    life.create();
    life.facts(startFailed({ code: "backend_not_logged_in" }));
    expect(life.doing()).toBe("waiting for login");
    life.resume();
    expect(life.doing()).toBe("starting");
    expect(life.effects("agent.start").length).toBe(2);
  });

  test("that ends by a crash before it was ready is not tried again unasked", () => {
    const life = makeLife();
    life.create();
    life.send("one");
    life.facts(exited());
    expect(life.doing()).toBe("failed");
    expect(life.effects("agent.start").length).toBe(1);
    expect(life.queue()).toEqual(["one"]);
  });
});

describe("a fork", () => {
  const fork = { session: "ses_00000000000000000000000009", providerSessionId: "vendor-0" };

  test("copies the other's conversation, once it has started never again", () => {
    const life = makeLife();
    life.create({ fork });
    expect(life.view().forkedFrom).toBe(fork.session);
    expect(life.effects("agent.start")).toMatchObject([{ how: "fork", forkFrom: "vendor-0" }]);
    life.facts(started(), exited());
    life.resume();
    expect(life.effects("agent.start").at(-1)).toMatchObject({ how: "resume", forkFrom: null });
  });

  test("whose start failed is copied again", () => {
    const life = makeLife();
    life.create({ fork });
    life.facts(startFailed());
    life.resume();
    expect(life.effects("agent.start").at(-1)).toMatchObject({ how: "fork", forkFrom: "vendor-0" });
  });

  test("is copied again as long as the vendor has given it no id", () => {
    const life = makeLife();
    life.create({ fork });
    life.facts(started({ providerSessionId: null }));
    life.stop();
    life.facts(exited({ expected: true }));
    life.resume();
    expect(life.effects("agent.start").at(-1)).toMatchObject({ how: "fork", forkFrom: "vendor-0" });
    life.facts(started({ providerSessionId: null }));
    life.facts({ fact: "provider-session", providerSessionId: "vendor-2" }, exited());
    life.resume();
    expect(life.effects("agent.start").at(-1)).toMatchObject({ how: "resume" });
  });
});

describe("renaming", () => {
  test("takes the new name and gives the old one back", () => {
    const life = idleLife();
    life.rename("notes");
    expect(life.view().name).toBe("notes");
    expect(life.names()).toEqual(["notes"]);
  });

  test("is refused when the name is in use, and nothing changes", () => {
    const life = makeLife(["notes"]);
    life.create();
    expect(life.rename("notes")).toMatchObject({ ok: false, problem: { code: "name_taken" } });
    expect(life.view().name).toBe("fizz-top");
    expect(life.names()).toEqual(["notes", "fizz-top"]);
  });

  test("to what it is called already is no news", () => {
    const life = idleLife();
    life.rename("fizz-top", []);
    expect(life.events("session.renamed")).toEqual([]);
    life.rename("fizz-top", ["urgent"]);
    expect(life.view().tags).toEqual(["urgent"]);
    expect(life.names()).toEqual(["fizz-top"]);
  });
});

describe("a report of others", () => {
  test("is appended and changes nothing", () => {
    const life = idleLife();
    const before = life.state();
    life.give({ type: "report", events: [{ type: "hook.stop", data: { code: 0 } }] });
    expect(life.events("session.reported")).toEqual([
      { type: "hook.stop", data: { code: 0 }, by: "me" },
    ]);
    expect(life.state()).toEqual(before);
  });
});
