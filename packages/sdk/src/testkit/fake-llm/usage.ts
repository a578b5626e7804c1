/**
 * What every answered request costs, in tokens: the same numbers each time, so that a test can say exactly what a
 * turn of n requests must add up to. Each has its own decimal places, so that a wrong sum shows what was mixed up.
 */
export const fakeUsage = {
  /** Input that was neither read from nor written to a cache. */
  input: 1000,
  cacheRead: 200,
  cacheCreation: 30,
  /** All output, reasoning included. */
  output: 50,
  reasoning: 4,
} as const;

/** Anthropic counts the three kinds of input apart and does not tell reasoning from other output. */
export const anthropicUsage = {
  input_tokens: fakeUsage.input,
  cache_read_input_tokens: fakeUsage.cacheRead,
  cache_creation_input_tokens: fakeUsage.cacheCreation,
  output_tokens: fakeUsage.output,
} as const;

const openaiInput = fakeUsage.input + fakeUsage.cacheRead + fakeUsage.cacheCreation;

/** OpenAI's input contains what was read from and written to the cache. */
export const openaiUsage = {
  input_tokens: openaiInput,
  input_tokens_details: {
    cached_tokens: fakeUsage.cacheRead,
    cache_write_tokens: fakeUsage.cacheCreation,
  },
  output_tokens: fakeUsage.output,
  output_tokens_details: { reasoning_tokens: fakeUsage.reasoning },
  total_tokens: openaiInput + fakeUsage.output,
} as const;

/** Chat Completions: the same sums under other names; what was written to a cache is not told apart. */
export const openaiChatUsage = {
  prompt_tokens: openaiInput,
  prompt_tokens_details: { cached_tokens: fakeUsage.cacheRead },
  completion_tokens: fakeUsage.output,
  completion_tokens_details: { reasoning_tokens: fakeUsage.reasoning },
  total_tokens: openaiInput + fakeUsage.output,
} as const;

/** Gemini counts thoughts beside the candidates, and the cached input inside the prompt. */
export const geminiUsage = {
  promptTokenCount: openaiInput,
  cachedContentTokenCount: fakeUsage.cacheRead,
  candidatesTokenCount: fakeUsage.output - fakeUsage.reasoning,
  thoughtsTokenCount: fakeUsage.reasoning,
  totalTokenCount: openaiInput + fakeUsage.output,
} as const;
