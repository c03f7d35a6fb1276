import type { Shape } from './shapes.ts';

/** Words that validation refuses to see together, and what it says; by hand. A row says that each of `of` is refused with each of `with`. */
interface Row {
  readonly shape: Shape;
  readonly of: readonly string[];
  readonly with: readonly string[];
  readonly reason: string;
}

const PERFORMERS = [
  'agent',
  'capability',
  'workflow',
  'scope',
  'wait',
  'wait, buffered: false',
  'wait.message',
  'wait.message at a name',
  'form',
  'sleep',
  'set',
  'send',
  'send, until: acknowledged',
  'send, topic',
  'send, until: replied',
  'switch',
  'cancel',
  'cancel, complete',
  'end',
  'raise',
];
/** Two of them are never on one task. */
const MESSAGES = ['wait.message', 'wait.message at a name'];
const WAITS = ['wait', 'wait, buffered: false', ...MESSAGES, 'form'];
const SENDS_DATA = ['send, until: acknowledged', 'send, topic', 'send, until: replied'];
const SENDS = ['send', ...SENDS_DATA];
const CANCELS = ['cancel', 'cancel, complete'];
/** Done by nobody, and done at once or by itself: nothing to try again, to undo, to hand anything to. */
const BY_ITSELF = [...WAITS, ...SENDS, 'sleep', 'set', 'switch', ...CANCELS, 'end', 'raise'];
const CATCHES = ['catch … then: retry', 'catch … then: continue', 'catch … then: fail'];
const LOOPS = ['loop until', 'loop while'];
/** Each puts itself on a scope, when no performer is named. */
const OF_SCOPES = ['scope', ...LOOPS, ...CATCHES, 'concurrency', 'budget', 'budget, ask', 'output'];
const NEEDS = ['forEach, need: 1', 'forEach, need: 1, rest: cancel'];
const UNTIL = 'forEach, until, rest: cancel';
const LISTS = [
  ...['forEach', 'forEach, onItemFailure: continue', 'forEach, concurrency: 1', 'timeout.all'],
  ...NEEDS,
  UNTIL,
];
const REPEATS = ['repeat', 'repeat from another'];
const FALLBACKS = [
  'fallback to a value',
  'fallback to an agent',
  'fallback to a task',
  'fallbacks one after the other',
];

const NOT_AN_AGENT = ['workflow', ...BY_ITSELF, ...OF_SCOPES];

const onOne = (of: readonly string[], others: readonly string[], reason: string): Row => ({
  shape: 'same task',
  of,
  with: others,
  reason,
});

/** What a block may not have, whatever is in it. */
const onBlock = (word: string, reason: string): Row => ({ shape: 'in a block', of: ['*'], with: [word], reason });

const ONE_ATTEMPT = 'is the limit of an attempt of an agent, and no agent does this task; use "task"';
const NO_HEARTBEAT = 'is for agents, which send heartbeats, and no agent does this task; leave it out';
const NO_DELIVERY = 'at-most-once is about attempts of agents, and no agent does this task; leave it out';
const MAY = [
  'may: spawn',
  'may: finish',
  'may: handOff',
  'may: cancel',
  'may: link',
  'may: addItems',
  'may: goto',
  'may: send',
];
const NOT_ALLOWED = 'is what an agent may do to the run, and no agent does this task; leave it out';
const NO_USAGE = 'is what an attempt of an agent may use, and no agent does this task; leave it out';
const SCOPE_AGAIN = 'is for attempts; to run a scope again, use catch … then: retry, or loop';
const ONE_FALLBACK = 'must have exactly one of agent, task and value';
const OVERLAP = 'segments may not overlap';

export const REFUSALS: readonly Row[] = [
  ...PERFORMERS.map((one, index) =>
    onOne(
      [one],
      PERFORMERS.slice(index + 1).filter(
        (other) => ![WAITS, SENDS, CANCELS].some((kind) => kind.includes(one) && kind.includes(other)),
      ),
      'keep one of the two',
    ),
  ),

  onOne(NOT_AN_AGENT, ['timeout.attempt'], ONE_ATTEMPT),
  onOne(NOT_AN_AGENT, ['timeout.heartbeat'], NO_HEARTBEAT),
  onOne(NOT_AN_AGENT, ['delivery'], NO_DELIVERY),
  onOne(NOT_AN_AGENT, MAY, NOT_ALLOWED),
  onOne(NOT_AN_AGENT, ['maxUsage'], NO_USAGE),
  onOne(OF_SCOPES, ['retry'], SCOPE_AGAIN),
  onOne(BY_ITSELF, ['retry'], 'has no effect: there are no attempts to make again; leave it out'),
  onOne(BY_ITSELF, ['compensate'], 'does nothing that could be undone; leave it out'),

  onOne(
    PERFORMERS.filter((one) => one !== 'scope'),
    [...LOOPS, ...CATCHES, 'output'],
    'belongs to a scope, and this task has none',
  ),
  onOne(
    PERFORMERS.filter((one) => one !== 'scope' && one !== 'workflow'),
    ['budget', 'budget, ask'],
    'belongs to a scope, and this task has none',
  ),
  onOne(
    PERFORMERS.filter((one) => one !== 'scope'),
    ['concurrency'],
    'belongs to a forEach, and this task has none',
  ),

  onOne(['wait', 'wait, buffered: false'], ['input'], 'what the signal brings is the output'),
  onOne(MESSAGES, ['input'], 'what the message brings is the output'),
  onOne(SENDS_DATA, ['input'], 'is what a send without data sends, and this has data'),
  onOne(['set'], ['input'], 'the value of set may read the same'),
  onOne(CANCELS, ['input'], 'is for whom the task is handed to, and here that is nobody; leave it out'),
  onOne(['end'], ['input'], 'write end: { output }'),
  onOne(['raise'], ['input'], 'write raise: { details }'),

  onOne(['switch'], LISTS, 'a switch chooses once; to choose for each item, put it into a scope that has the forEach'),
  onOne(['switch'], REPEATS, 'a switch may not repeat; let a task after it repeat from it'),
  onOne(CANCELS, LISTS, 'a cancel names its tasks once; leave it out'),
  onOne(CANCELS, REPEATS, 'a cancel ends what it names; let a task before it repeat'),
  onOne(['end'], LISTS, 'an end ends its block, once; leave it out'),
  onOne(['end'], REPEATS, 'an end ends its block; let a task before it repeat'),
  onOne(['end'], FALLBACKS, 'an end ends its block, and nothing can stand in for that; leave it out'),
  onOne(['raise'], REPEATS, 'a raise gives no output that could end a repeat; let a task before it repeat'),

  onOne(LISTS, REPEATS, 'a forEach task may not repeat; let a task after it repeat from it'),
  onOne(LISTS, ['fallback to a task'], 'the items of a forEach may fall back to a value or an agent, not to a task'),
  onOne(['forEach, onItemFailure: continue'], NEEDS, 'has no effect beside need'),
  {
    shape: 'one after the other',
    of: [...NEEDS, UNTIL],
    with: ['repeat from another'],
    reason: 'may leave items under way that this repeat runs again; put',
  },
  onOne(['fallback to a value'], ['fallback to an agent', 'fallback to a task'], ONE_FALLBACK),
  onOne(['fallback to an agent'], ['fallback to a task'], ONE_FALLBACK),
  onOne(
    ['fallback to a value'],
    ['fallbacks one after the other'],
    'is a value, which does not fail; let it stand last',
  ),
  onOne(['fallback to a task'], ['fallbacks one after the other'], 'is a task; let it stand last'),

  onOne(['join: each'], ['rest: let', 'rest: cancel'], 'with join: each there are none; use join: any or a number'),
  onOne(['join: each'], LISTS, 'stands beside join: each, which is a list already'),
  onOne(['join: each'], REPEATS, 'a join: each task may not repeat; let a task after it repeat from it'),
  onOne(
    ['join: each'],
    ['fallback to a task'],
    'the items of a forEach may fall back to a value or an agent, not to a task',
  ),
  onOne(
    ['switch'],
    ['join: each'],
    'a switch chooses once; to choose for each item, put it into a scope that has the forEach',
  ),
  onOne(CANCELS, ['join: each'], 'a cancel names its tasks once; leave it out'),
  onOne(['end'], ['join: each'], 'an end ends its block, once; leave it out'),
  onOne(['join: all'], ['rest: let', 'rest: cancel'], 'with join: all there are none; use join: any or a number'),
  onOne(
    ['join: any', 'join: 2', 'rest: let', 'rest: cancel'],
    ['repeat from another'],
    'may leave tasks under way that this repeat runs again; put',
  ),

  onBlock('timeout.attempt', ONE_ATTEMPT),
  onBlock('timeout.heartbeat', NO_HEARTBEAT),
  onBlock('delivery', NO_DELIVERY),
  ...MAY.map((word) => onBlock(word, NOT_ALLOWED)),
  onBlock('maxUsage', NO_USAGE),
  onBlock('retry', SCOPE_AGAIN),

  { shape: 'one after the other', of: REPEATS, with: ['repeat from another'], reason: OVERLAP },
];

const keyOf = (shape: Shape, first: string, second: string): string =>
  `${shape}: ${(shape === 'same task' ? [first, second].sort() : [first, second]).join(' + ')}`;

const reasons = new Map<string, string>();
for (const { shape, of, with: others, reason } of REFUSALS)
  for (const first of of) for (const second of others) reasons.set(keyOf(shape, first, second), reason);

/** Why a pair is refused; undefined when it is not. */
export const refusalOf = (shape: Shape, first: string, second: string): string | undefined =>
  reasons.get(keyOf(shape, first, second)) ?? reasons.get(keyOf(shape, '*', second));
