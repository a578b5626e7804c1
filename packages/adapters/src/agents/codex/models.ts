/** Models and their effort levels, asked from the server; and a list that stands in when it cannot be asked. */
import type { Model } from "@skein/contract";
import type { Model as CodexModel } from "./generated/protocol.ts";

type Call = (method: string, params: unknown) => Promise<unknown>;

const maxPages = 10;

const asModel = (model: CodexModel): Model => ({
  id: model.id,
  title: model.displayName,
  isDefault: model.isDefault,
  efforts: model.supportedReasoningEfforts.map(({ reasoningEffort }) => reasoningEffort),
  defaultEffort: model.defaultReasoningEffort ?? null,
});

/** Codex 0.169.0 answers with its own catalog, whatever the model provider is; hidden ones can be chosen too. */
export const askModels = async (call: Call, includeHidden = false): Promise<Model[]> => {
  const models: Model[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < maxPages; page += 1) {
    const answer = (await call("model/list", { cursor, includeHidden })) as {
      data: CodexModel[];
      nextCursor: string | null;
    };
    models.push(...answer.data.map(asModel));
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return models;
};

const known = (id: string, title: string, isDefault = false): Model => ({
  id,
  title,
  isDefault,
  efforts: ["low", "medium", "high", "xhigh"],
  defaultEffort: "medium",
});

/** As `model/list` of Codex 0.169.0 named them without a login. */
export const KNOWN_MODELS: readonly Model[] = [
  known("gpt-6.1-sol", "GPT-6.1-Sol", true),
  known("gpt-6-astra", "GPT-6-Astra"),
  known("gpt-6-sol", "GPT-6-Sol"),
  known("gpt-6-luna", "GPT-6-Luna"),
  known("gpt-5.6-sol", "GPT-5.6-Sol"),
  known("gpt-6.1-terra", "GPT-6.1-Terra"),
  known("gpt-5.6-terra", "GPT-5.6-Terra"),
  known("gpt-5.6-luna", "GPT-5.6-Luna"),
  known("gpt-5.5", "GPT-5.5"),
];
