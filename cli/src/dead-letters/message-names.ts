import { DEAD_LETTERS, type RunHandle } from '@reprise/core';

/** An id as it is shown beside its run: without the run that it begins with. */
export const shortId = (run: string, id: string): string => (id.startsWith(`${run}/`) ? id.slice(run.length + 1) : id);

/** What a typed id may mean: the id itself, or what is shown of it. */
export const idsMeant = (run: string, typed: string): readonly string[] => [typed, `${run}/${typed}`];

/** The dead letters that are meant. What is none stays as it is typed: the run says so. */
export async function deadLettersMeant(handle: RunHandle, typed: readonly string[]): Promise<readonly string[]> {
  const { mailboxes } = await handle.state();
  const dead = new Set(mailboxes.get(DEAD_LETTERS)?.messages.map(({ id }) => id));
  return typed.map((one) => idsMeant(handle.id, one).find((id) => dead.has(id)) ?? one);
}
