// Agents that tests isolate. Each is loaded in its own thread or process, and imports nothing of Reprise there.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import type { Agent, AgentContext, AgentTask, Json } from '@reprise/core';

/** Whatever it is told to do. */
export interface Order {
  readonly do: string;
  readonly file?: string;
  readonly text?: string;
  readonly n?: number;
}

let calls = 0;

const never = (): Promise<never> => new Promise(() => undefined);
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function loop(): never {
  for (;;);
}

/** Numbers of a size that V8 keeps in its heap. */
function fillHeap(): never {
  const held: unknown[] = [];
  for (let n = 0; ; n += 1) held.push({ n, list: new Array(10_000).fill(n) });
}

/** Beside the heap. */
function fillBuffers(): never {
  const held: Buffer[] = [];
  for (;;) held.push(Buffer.alloc(4 * 1024 * 1024, 1));
}

/** At once as much as its limit allows. */
function fillArrays(): never {
  const held: unknown[] = [];
  for (;;) held.push(new Array(30_000_000).fill(0.5));
}

type Deed = (task: AgentTask<Order>, context: AgentContext) => unknown;

const DEEDS: Readonly<Record<string, Deed>> = {
  echo: ({ input }) => input.text ?? null,
  pid: () => process.pid,
  calls: () => {
    calls += 1;
    return calls;
  },
  task: ({ input: _input, ...task }) => ({ ...task, has: task.budget ?? null }) as unknown as Json,
  loop,
  never,
  heap: fillHeap,
  buffers: fillBuffers,
  'one-array': fillArrays,
  exit: ({ input }) => process.exit(input.n ?? 0),
  abort: () => process.abort(),
  kill: () => {
    process.kill(process.pid, 'SIGKILL');
    return never();
  },
  'timer-throw': () => {
    setTimeout(() => {
      throw new TypeError('nobody caught this');
    }, 1);
    return never();
  },
  'reject-unheard': () => {
    void Promise.reject(new Error('nobody awaited this'));
    return never();
  },
  'throw-coded': () => {
    const said = { code: 'CARD_DECLINED', retryable: false, status: 402, details: { a: 1 }, retryAfterMs: 5 };
    throw Object.assign(new Error('no', { cause: new Error('the bank') }), said);
  },
  'throw-text': () => {
    // biome-ignore lint/style/useThrowOnlyError: agents may throw anything
    throw 'just text';
  },
  date: () => new Date(0),
  large: () => 'x'.repeat(1_100_000),
  'write-much': async ({ input }) => {
    for (let n = 0; n < (input.n ?? 0); n += 1) {
      process.stdout.write(`${'x'.repeat(1023)}\n`);
      if (n % 256 === 0) await later(0);
    }
    return 'written';
  },
  'write-for-ever': () => {
    for (;;) process.stdout.write(`${'x'.repeat(1023)}\n`);
  },
  'emit-for-ever': (_task, { emit }) => {
    for (;;) emit({ done: 1 });
  },
  write: ({ input }) => {
    process.stdout.write(`${input.text}\nhalf`);
    process.stderr.write('an error line\n');
    return later(50);
  },
  'heed-signal': (_task, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    }),
  reason: (_task, { signal }) =>
    new Promise((resolve) => {
      const tell = (): void => {
        const { name, code, retryable } = signal.reason as Error & { code: string; retryable: boolean };
        resolve({ name, code, retryable });
      };
      if (signal.aborted) tell();
      else signal.addEventListener('abort', tell);
    }),
  'crash-once': ({ input }) => {
    const file = input.file ?? '';
    if (existsSync(file)) return 'second';
    writeFileSync(file, 'first');
    process.exit(3);
  },
  note: async ({ input, attempt }) => {
    appendFileSync(input.file ?? '', `${process.pid} ${attempt}\n`);
    await later(input.n ?? 0);
    return attempt;
  },
  grandchild: async ({ input }) => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    writeFileSync(input.file ?? '', String(child.pid));
    await never();
  },
  'pid-loop': ({ input }) => {
    writeFileSync(input.file ?? '', String(process.pid));
    loop();
  },
  beats: async (_task, { heartbeat, emit, logger, usage, traceparent }) => {
    for (let n = 0; n < 5; n += 1) {
      heartbeat();
      await later(40);
    }
    emit({ half: true });
    logger.warn('careful', { at: new Error('inner'), big: 1n });
    usage({ tokens: 3 });
    usage({ tokens: 4, cost: 2 });
    return { traceparent: traceparent ?? null };
  },
  misuse: (_task, { emit, usage, spawn: add, finish }) => {
    const codeOf = (call: () => void): string => {
      try {
        call();
        return 'nothing thrown';
      } catch (error) {
        return `${(error as { name: string }).name} ${(error as { code: string }).code}`;
      }
    };
    return [
      codeOf(() => emit(new Date() as unknown as Json)),
      codeOf(() => usage({ tokens: -1 })),
      codeOf(() => add({ a: { agent: 'x' } })),
      codeOf(() => finish(null)),
    ];
  },
};

export const any: Agent<Order, Json> = {
  name: 'any',
  handle: async (task, context) => {
    const deed = DEEDS[task.input.do];
    if (deed === undefined) throw new Error(`nobody knows how to ${task.input.do}`);
    return (await deed(task, context)) as Json;
  },
};

/** A function by itself. */
export const shout = ({ input }: AgentTask<string>): string => input.toUpperCase();

/** Makes an agent. */
export const greeter = async ({ word }: { readonly word: string }): Promise<Agent<string, string>> => {
  await later(1);
  return { name: 'greeter', handle: ({ input }) => `${word} ${input}` };
};

export const nothing = 42;

/** What an agent may do to its run, one at a time. */
export const director: Agent<{ readonly what: string }, Json> = {
  name: 'director',
  handle({ input, round, may }, { spawn: add, link, finish, handOff, cancel, goto, addItems, messages }) {
    const { what } = input;
    if (what === 'spawn') add({ added: { agent: 'shout', after: 'direct', input: 'more' } }, { before: 'last' });
    if (what === 'link') link('last', 'other');
    if (what === 'finish') finish({ early: true });
    if (what === 'handOff') handOff({ name: 'shout' }, { input: 'handed', why: 'better' });
    if (what === 'cancel') cancel(['last']);
    if (what === 'goto' && round === 1) goto('other', { feedback: 'again', why: 'not yet' });
    if (what === 'addItems') addItems([{ what: 'nothing' }]);
    if (what === 'unknown') add({ 'not an id': { agent: 'x' } });
    if (what === 'say') messages.send('last', 'said', { on: 'completion' }).catch(() => undefined);
    return { may: [...may] };
  },
};
