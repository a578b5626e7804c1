/** The work of each session in order; different sessions do not wait for each other. */
type Queues = {
  /** Runs after everything that was queued for the session before. The promise never rejects if `work` does not. */
  after(session: string, work: () => Promise<void>): Promise<void>;
  /** Runs at once; what is queued for the session from now on waits for it and for all before it. */
  overtake(session: string, work: () => Promise<void>): Promise<void>;
};

export const makeQueues = (): Queues => {
  const ends = new Map<string, Promise<void>>();
  const follow = (session: string, end: Promise<void>): Promise<void> => {
    ends.set(session, end);
    void end.finally(() => {
      if (ends.get(session) === end) ends.delete(session);
    });
    return end;
  };
  const endOf = (session: string): Promise<void> => ends.get(session) ?? Promise.resolve();
  return {
    after: (session, work) => follow(session, endOf(session).then(work)),
    overtake: (session, work) =>
      follow(
        session,
        Promise.all([endOf(session), work()]).then(() => undefined),
      ),
  };
};
