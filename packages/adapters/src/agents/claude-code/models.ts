/** Models and login of Claude Code 2.1.197, as its `initialize` tells them; and a list that stands in when it cannot be asked. */
import type { Model } from "@skein/contract";
import type { ProbeResult } from "@skein/sdk";
import { list, object, string, type Json } from "./wire.ts";

const modelsOf = (value: unknown): readonly Model[] => {
  const row = object(value);
  const id = string(row["value"]);
  if (id === null) return [];
  const title = string(row["displayName"]) ?? id;
  const efforts = list(row["supportedEffortLevels"]).filter((one) => typeof one === "string");
  const model = { title, isDefault: id === "default", efforts, defaultEffort: null };
  const resolved = string(row["resolvedModel"]);
  // The full name can be chosen as well as the short one.
  return resolved === null || resolved === id
    ? [{ id, ...model }]
    : [
        { id, ...model },
        { id: resolved, ...model, isDefault: false },
      ];
};

export const readModels = (initialize: Json): readonly Model[] => {
  const models = list(initialize["models"]).flatMap(modelsOf);
  return models.filter((model, at) => models.findIndex((one) => one.id === model.id) === at);
};

export const readLogin = (initialize: Json): Pick<ProbeResult, "login" | "loginDetail"> => {
  const account = object(initialize["account"]);
  const [key, token, provider] = [
    string(account["apiKeySource"]),
    string(account["tokenSource"]),
    string(account["apiProvider"]),
  ];
  if (key !== null && key !== "none") return { login: "api-key", loginDetail: key };
  if (token !== null && token !== "none") {
    const who = string(account["email"]) ?? string(account["subscriptionType"]) ?? token;
    return { login: "logged-in", loginDetail: who };
  }
  // Bedrock, Vertex and the like bring their own login, of which the CLI says nothing.
  if (provider !== null && provider !== "firstParty")
    return { login: "unknown", loginDetail: provider };
  return { login: token === null ? "unknown" : "logged-out", loginDetail: null };
};

const efforts = ["low", "medium", "high", "xhigh", "max"];
const known = (id: string, title: string, levels: readonly string[] = efforts): Model => ({
  id,
  title,
  isDefault: id === "default",
  efforts: [...levels],
  defaultEffort: null,
});

/** As 2.1.197 listed them without a login, November 2026. */
export const knownModels: readonly Model[] = [
  known("default", "Default (recommended)"),
  known("opus[1m]", "Opus"),
  known("sonnet", "Sonnet"),
  known("sonnet[1m]", "Sonnet 5 (1M context)"),
  known("haiku", "Haiku", []),
];
