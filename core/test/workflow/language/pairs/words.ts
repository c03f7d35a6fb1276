/** A task as it is written, and what has to stand beside it. */
export interface Draft {
  readonly id: string;
  readonly fields: Fields;
  /** Tasks of the same block that the words of this one ask for, by id. */
  readonly beside: Record<string, Fields>;
  /** The task before it, when the shape has one. */
  readonly from?: Draft;
}

export type Fields = Record<string, unknown>;

/** One word of the language, as what it adds to a task. */
export interface Word {
  readonly name: string;
  /** A key that is given once: two words of it cannot stand on the same task. */
  readonly key?: string;
  /** On which performer it is tried when the other word names none. Default: an agent. */
  readonly on?: 'scope' | 'performer';
  readonly add: (task: Draft) => void;
}

const RETRY = { maxAttempts: 2, initialDelay: '300ms', jitter: 0 };
const helper = (agent: string, more: Fields = {}): Fields => ({ agent, retry: RETRY, ...more });

/** Puts tasks before the task, which it comes after. */
function behind(task: Draft, ...names: readonly string[]): void {
  const ids = names.map((name) => `${task.id}-${name}`);
  for (const [index, name] of names.entries()) task.beside[ids[index] ?? name] ??= helper(name);
  const before = (task.fields['after'] as readonly string[] | undefined) ?? [];
  task.fields['after'] = [...new Set([...before, ...ids])];
}

const merge = (task: Draft, key: string, more: Fields): void => {
  task.fields[key] = { ...(task.fields[key] as Fields | undefined), ...more };
};

const performer = (name: string, value: (task: Draft) => unknown): Word => ({
  name,
  on: 'performer',
  add: (task) => {
    task.fields[name] = value(task);
  },
});

/** Another kind of wait. */
const waiting = (name: string, value: Fields): Word => ({ ...performer('wait', () => value), name, key: 'wait' });

/** A message to a task beside it, which does not look whether there is one, or to a mailbox from which several take. */
const sending = (name: string, value: (task: Draft) => Fields): Word => ({
  ...performer('send', value),
  name,
  key: 'send',
});

const field = (key: string, value: unknown, name = key): Word => ({
  name,
  key,
  add: (task) => {
    task.fields[key] = value;
  },
});

const part = (key: string, more: Fields, name: string): Word => ({ name, add: (task) => merge(task, key, more) });

const onScope = (word: Word): Word => ({ ...word, on: 'scope' });

const caught = (then: string, clause: (task: Draft) => Fields): Word => ({
  name: `catch … then: ${then}`,
  on: 'scope',
  add: (task) => {
    const clauses = (task.fields['catch'] as readonly Fields[] | undefined) ?? [];
    task.fields['catch'] = [...clauses, { ...clause(task), then }];
  },
});

const joined = (join: unknown, ...names: readonly string[]): Word => ({
  name: `join: ${join}`,
  key: 'join',
  add: (task) => {
    behind(task, ...names);
    task.fields['join'] = join;
  },
});

export const AGENT_MS = 100;

export const PERFORMER_WORDS: readonly Word[] = [
  performer('agent', ({ id }) => id),
  performer('capability', ({ id }) => `able-${id}`),
  performer('workflow', () => 'child'),
  performer('scope', ({ id }) => ({
    [`${id}-in`]: helper('inner', { compensate: 'undo' }),
    [`${id}-more`]: helper('more', { after: `${id}-in` }),
  })),
  { ...performer('wait', () => ({ signal: 'go' })), key: 'wait' },
  waiting('wait, buffered: false', { signal: 'go', buffered: false }),
  waiting('wait.message', { message: true }),
  waiting('wait.message at a name', {
    message: {
      mailbox: '#desk',
      performative: 'inform',
      conversation: `\${ 'c' + string(round) }`,
      where: "message.data == 'news'",
      schema: { type: 'string' },
    },
  }),
  waiting('form', { form: 'approval', assignee: 'kim', escalate: [{ after: '400ms', to: 'lee' }] }),
  performer('sleep', () => '1s'),
  performer('set', () => ({ round: `\${ round }` })),
  sending('send', (task) => {
    task.beside[`${task.id}-busy`] ??= helper('busy');
    return { to: `${task.id}-busy` };
  }),
  sending('send, until: acknowledged', (task) => {
    task.beside[`${task.id}-reader`] ??= {
      forEach: '[1, 2, 3]',
      wait: { message: { mailbox: '#letters' }, timeout: '2s', default: null },
    };
    return { to: '#letters', data: { round: `\${ round }` }, expires: '1500ms', until: 'acknowledged' };
  }),
  sending('send, topic', () => ({ topic: '#news', data: { round: `\${ round }` }, type: 'news', expires: '1500ms' })),
  sending('send, until: replied', (task) => {
    task.beside[`${task.id}-answers`] ??= {
      forEach: '[1, 2, 3]',
      scope: {
        hears: { wait: { message: { mailbox: '#letters', performative: 'request' }, timeout: '2s', default: null } },
        says: {
          send: {
            to: `\${ outputs.hears.from }`,
            data: 'done',
            conversation: `\${ outputs.hears.conversation }`,
            inReplyTo: `\${ outputs.hears.id }`,
          },
          after: 'hears',
          when: 'outputs.hears != null',
        },
      },
    };
    return { to: '#letters', data: { round: `\${ round }` }, deadline: '1500ms', until: 'replied' };
  }),
  performer('switch', () => [{ when: 'round > 9', then: 'no' }, { else: 'yes' }]),
  performer('cancel', (task) => {
    task.beside[`${task.id}-slow`] ??= helper('slow', { compensate: 'undo' });
    return `${task.id}-slow`;
  }),
  {
    ...performer('cancel', (task) => {
      task.beside[`${task.id}-many`] ??= helper('many', { forEach: 'input.list', compensate: 'undo' });
      return { tasks: `${task.id}-many`, complete: true };
    }),
    name: 'cancel, complete',
  },
  performer('end', () => ({ output: 'ended' })),
  performer('raise', () => ({ code: 'RAISED', type: 'urn:raised' })),
];

const START_WORDS: readonly Word[] = [
  { name: 'after', add: (task) => behind(task, 'before') },
  {
    name: 'case',
    add: (task) => {
      if (task.from?.fields['switch'] === undefined) {
        task.beside[`${task.id}-route`] = { switch: [{ when: 'input.n > 0', then: 'yes' }, { else: 'no' }] };
        behind(task, 'route');
      }
      task.fields['case'] = 'yes';
    },
  },
  joined('all', 'left', 'right'),
  joined('any', 'left', 'right'),
  joined(2, 'left', 'right', 'third'),
  joined('each', 'left', 'right'),
  {
    name: 'rest: let',
    key: 'rest',
    add: (task) => {
      behind(task, 'left', 'right');
      task.fields['rest'] = 'let';
    },
  },
  {
    name: 'rest: cancel',
    key: 'rest',
    add: (task) => {
      behind(task, 'left', 'right');
      task.fields['rest'] = 'cancel';
    },
  },
  field('when', 'input.n > 0', 'when: true'),
  field('when', 'input.n < 0', 'when: false'),
  {
    name: 'while',
    key: 'while',
    add: (task) => {
      task.beside[`${task.id}-watched`] ??= helper('watched');
      task.fields['while'] = `status["${task.id}-watched"] != 'completed'`;
    },
  },
];

const OFTEN_WORDS: readonly Word[] = [
  part('forEach', { items: 'input.list' }, 'forEach'),
  part('forEach', { items: 'input.list', onItemFailure: 'continue' }, 'forEach, onItemFailure: continue'),
  part('forEach', { items: 'input.list', concurrency: 1 }, 'forEach, concurrency: 1'),
  part('forEach', { items: 'input.list', need: 1 }, 'forEach, need: 1'),
  part('forEach', { items: 'input.list', need: 1, rest: 'cancel' }, 'forEach, need: 1, rest: cancel'),
  part('forEach', { items: 'input.list', until: 'ended > 0', rest: 'cancel' }, 'forEach, until, rest: cancel'),
  onScope(part('loop', { until: 'round >= 2', max: 3 }, 'loop until')),
  onScope(part('loop', { while: 'round < 2', max: 2 }, 'loop while')),
  part('repeat', { until: 'round >= 2', max: 2 }, 'repeat'),
  {
    name: 'repeat from another',
    add: (task) => {
      if (task.from === undefined) behind(task, 'before');
      merge(task, 'repeat', { from: task.from?.id ?? `${task.id}-before`, until: 'round >= 2', max: 2 });
    },
  },
];

const FAILURE_WORDS: readonly Word[] = [
  field('retry', { maxAttempts: 3, initialDelay: '200ms', jitter: 0 }),
  part('timeout', { attempt: '2s' }, 'timeout.attempt'),
  part('timeout', { task: '5s' }, 'timeout.task'),
  {
    name: 'timeout.all',
    add: (task) => {
      merge(task, 'timeout', { all: '8s' });
      merge(task, 'forEach', { items: 'input.list' });
    },
  },
  part('timeout', { heartbeat: '500ms' }, 'timeout.heartbeat'),
  part('fallback', { value: 'instead' }, 'fallback to a value'),
  part('fallback', { agent: 'other' }, 'fallback to an agent'),
  {
    name: 'fallback to a task',
    add: (task) => {
      task.beside[`${task.id}-stand-in`] = helper('stand-in');
      merge(task, 'fallback', { task: `${task.id}-stand-in` });
    },
  },
  {
    name: 'fallbacks one after the other',
    add: (task) => {
      const first = task.fields['fallback'];
      const others = [{ agent: 'one-more', input: { failed: `\${ error.code }` } }, { agent: 'yet-another' }];
      task.fields['fallback'] = [...(first === undefined ? [] : [first]), ...others];
    },
  },
  caught('retry', () => ({ max: 1 })),
  caught('continue', ({ id }) => ({ do: { [`${id}-handler`]: helper('handler') } })),
  caught('fail', ({ id }) => ({ do: { [`${id}-last-words`]: helper('handler') } })),
  field('compensate', { agent: 'undo', retry: RETRY }),
];

const WITHIN_WORDS: readonly Word[] = [
  onScope(field('concurrency', 1)),
  onScope(field('budget', { tasks: 2, attempts: 3, messages: 1 })),
  onScope({
    ...field('budget', { attempts: 2, onBudget: { ask: 'kim', timeout: '700ms' } }, 'budget, ask'),
    key: 'budget',
  }),
  onScope(field('output', `\${ outputs }`)),
  field('mutex', 'the key'),
  field('mutex', { key: 'the key', across: 'workflow' }, 'mutex across runs'),
  field('priority', 5),
  field('delivery', 'at-most-once'),
  field('maxUsage', { tokens: 5, cost: 0.01 }),
  field('may', 'spawn', 'may: spawn'),
  field('may', ['spawn', 'finish'], 'may: finish'),
  field('may', 'handOff', 'may: handOff'),
  field('may', 'cancel', 'may: cancel'),
  field('may', 'link', 'may: link'),
  field('may', 'addItems', 'may: addItems'),
  field('may', 'goto', 'may: goto'),
  field('may', 'send', 'may: send'),
  field('input', { n: `\${ input.n }` }),
];

export const WORDS: readonly Word[] = [
  ...PERFORMER_WORDS,
  ...START_WORDS,
  ...OFTEN_WORDS,
  ...FAILURE_WORDS,
  ...WITHIN_WORDS,
];

/** Those that are said of the workflow, too, which is the outermost block. */
export const RUN_WORDS: readonly Word[] = [
  ...WORDS.filter(
    ({ name }) => name.startsWith('catch') || name === 'concurrency' || name.startsWith('budget') || name === 'output',
  ),
  field('timeout', '6s', 'timeout of the run'),
  field('strategy', 'sequential', 'strategy: sequential'),
];

export const wordNamed = (name: string): Word => {
  const found = WORDS.find((word) => word.name === name);
  if (found === undefined) throw new Error(`no word ${name}`);
  return found;
};
