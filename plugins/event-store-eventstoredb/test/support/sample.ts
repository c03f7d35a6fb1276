import { type Json, type NewEvent, uuidv5 } from '@reprise/core/plugin';

let made = 0;

/** Events that no other call returns. */
export const events = (count: number, data: { readonly [name: string]: Json } = {}): NewEvent[] =>
  Array.from({ length: count }, () => {
    made += 1;
    return {
      id: uuidv5('eventstoredb', String(made)),
      type: 'Tested',
      time: made,
      data: { n: made, ...data },
      metadata: { causationId: `command-${made}`, correlationId: 'root', schemaVersion: 1 },
    };
  });

/** The error that `work` rejects with. */
export const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );

/** Looks until it holds; the test's own limit ends a wait in vain. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
