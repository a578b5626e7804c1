/** Which events a watcher asked for. Two that ask for the same have the same key, and get the same frames. */
import type { WatchOwner, WatchRequest } from "./ports.ts";

export type Filter = {
  readonly key: string;
  /** null: all. */
  readonly sessions: ReadonlySet<string> | null;
  /** null: everyone's. */
  readonly owner: WatchOwner | null;
  /** Whether an event of this type is wanted. */
  readonly wants: (type: string) => boolean;
  readonly live: boolean;
};

export const makeFilter = (request: WatchRequest): Filter => {
  const sessions =
    request.sessions === undefined ? null : [...new Set(request.sessions)].toSorted();
  const types = request.types === undefined ? null : [...new Set(request.types)].toSorted();
  return {
    key: JSON.stringify([sessions, types, request.live, request.owner?.id ?? null]),
    sessions: sessions === null ? null : new Set(sessions),
    owner: request.owner ?? null,
    wants: wantsTypes(types),
    live: request.live,
  };
};

const wantsTypes = (types: readonly string[] | null): Filter["wants"] => {
  if (types === null) return () => true;
  return (type) => types.some((wanted) => type === wanted || type.startsWith(`${wanted}.`));
};

/** Whether anything of this stream is for them. */
export const concerns = ({ sessions, owner }: Filter, stream: string): boolean =>
  (sessions === null || sessions.has(stream)) && (owner === null || owner.has(stream));

export const matches = (filter: Filter, stream: string, type: string): boolean =>
  concerns(filter, stream) && filter.wants(type);
