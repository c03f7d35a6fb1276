import { type Draft, type Fields, PERFORMER_WORDS, RUN_WORDS, WORDS, type Word, wordNamed } from './words.ts';

/** Where two words stand: on one task; on a task and the block around it (the run, too); on a task and the one after it. */
export type Shape = 'same task' | 'in a block' | 'in the run' | 'one after the other';

export interface Pair {
  readonly shape: Shape;
  readonly first: Word;
  readonly second: Word;
  /** The workflow, as it is written. */
  readonly written: Fields;
}

export const nameOf = ({ shape, first, second }: Pair): string => `${first.name} + ${second.name}, ${shape}`;

const RETRY = { maxAttempts: 2, initialDelay: '300ms', jitter: 0 };

const isPerformer = (word: Word): boolean => word.on === 'performer';

const draft = (id: string, from?: Draft): Draft => ({
  id,
  fields: from === undefined ? {} : { after: [from.id] },
  beside: {},
  ...(from && { from }),
});

/** Puts the words on the task, and a performer under them where they name none. */
function write(task: Draft, ...words: readonly Word[]): Draft {
  for (const word of words) word.add(task);
  if (!words.some(isPerformer)) wordNamed(words.some(({ on }) => on === 'scope') ? 'scope' : 'agent').add(task);
  // A join is what `rest` is about; `join: all` says so itself.
  if (task.fields['rest'] !== undefined) task.fields['join'] ??= 'any';
  return task;
}

const tasksOf = ({ id, fields, beside }: Draft): Record<string, Fields> => ({ ...beside, [id]: fields });

/** With the mailboxes and topics that words are about. */
const written = (tasks: Record<string, Fields>): Fields => ({
  name: 'pair',
  mailboxes: { desk: { retry: { maxAttempts: 3, initialDelay: '200ms', jitter: 0 } }, letters: {} },
  topics: { news: { subscribers: '#letters' } },
  tasks,
});

const tail = (agent: string, after: string): Fields => ({ agent, after, retry: RETRY });

/** Whether both may be written on one task: a key is given once. */
const mayStandTogether = (first: Word, second: Word): boolean =>
  first === second || first.key === undefined || first.key !== second.key;

/** Both on one task, with a task after it whose failure undoes it. */
function onSameTask(first: Word, second: Word): Pair {
  const task = write(draft('t'), ...(first === second ? [first] : [first, second]));
  return { shape: 'same task', first, second, written: written({ ...tasksOf(task), last: tail('last', 't') }) };
}

/** The first on a task of a block, with another after it; the second on the block, with a task after that. */
function inBlock(first: Word, second: Word): Pair {
  const inner = write(draft('t'), first);
  const block = draft('book');
  second.add(block);
  if (block.fields['rest'] !== undefined) block.fields['join'] ??= 'any';
  block.fields['scope'] = { ...tasksOf(inner), next: tail('next', 't') };
  return { shape: 'in a block', first, second, written: written({ ...tasksOf(block), last: tail('last', 'book') }) };
}

/** The first on a task, with another after it; the second on the workflow. */
function inRun(first: Word, second: Word): Pair {
  const task = write(draft('t'), first);
  const run = draft('run');
  second.add(run);
  const tasks = { ...tasksOf(task), last: tail('last', 't') };
  return { shape: 'in the run', first, second, written: { ...written(tasks), ...run.fields } };
}

function oneAfterTheOther(first: Word, second: Word): Pair {
  const before = write(draft('one'), first);
  const after = write(draft('two', before), second);
  const tasks = { ...tasksOf(before), ...tasksOf(after), last: tail('last', 'two') };
  return { shape: 'one after the other', first, second, written: written(tasks) };
}

/** All pairs of a word: with each from itself on for the same task, with each in the other shapes. A block is a scope, and nothing else. */
export function* pairsOf(first: Word): Generator<Pair> {
  const begin = WORDS.indexOf(first);
  for (const [index, second] of WORDS.entries()) {
    if (index >= begin && mayStandTogether(first, second)) yield onSameTask(first, second);
    if (second.name === 'scope' || !PERFORMER_WORDS.includes(second)) yield inBlock(first, second);
    yield oneAfterTheOther(first, second);
  }
  for (const second of RUN_WORDS) yield inRun(first, second);
}
