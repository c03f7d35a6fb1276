import { type AnyWorkflow, defineAgent, type Json, parseWorkflow } from '@reprise/core';
import { type Storage, withReprise } from './setup.ts';

export interface GraphFigures {
  readonly tasks: number;
  readonly usPerTask: number;
}

const step = defineAgent({ name: 'step', handle: ({ input }: { input: Json }) => input });

/** One task after the other, each with an input that it computes from the one before. */
export const mappedChain = (length: number): AnyWorkflow =>
  fromText(
    'mapped-chain',
    Array.from({ length }, (_, index) => {
      const input = index === 0 ? '{ n: 0 }' : `{ n: "\${ outputs.t${index - 1}.n + 1 }" }`;
      return `  t${index}: { agent: step, input: ${input}${index === 0 ? '' : `, after: t${index - 1}`} }`;
    }),
  );

/** Layers of `width` tasks, each of which reads two of the layer before. */
export const layeredGraph = (layers: number, width: number): AnyWorkflow =>
  fromText(
    'layered-graph',
    Array.from({ length: layers * width }, (_, index) => {
      const layer = Math.floor(index / width);
      if (layer === 0) return `  t${index}: { agent: step, input: { n: 0 } }`;
      const [one, other] = [index - width, (layer - 1) * width + ((index + 1) % width)];
      const input = `{ n: "\${ (outputs.t${one}.n > outputs.t${other}.n ? outputs.t${one}.n : outputs.t${other}.n) + 1 }" }`;
      return `  t${index}: { agent: step, input: ${input}, after: [t${one}, t${other}] }`;
    }),
  );

/** To read and check a chain of tasks that all read the first, in ms. */
export function measureFarReads(length: number): number {
  const tasks = Array.from({ length }, (_, index) =>
    index === 0
      ? '  t0: { agent: step }'
      : `  t${index}: { agent: step, after: t${index - 1}, input: "\${ outputs.t0 }" }`,
  );
  const start = performance.now();
  fromText('far-reads', tasks);
  return performance.now() - start;
}

function fromText(name: string, tasks: readonly string[]): AnyWorkflow {
  return parseWorkflow(`name: ${name}\nconcurrency: 64\ntasks:\n${tasks.join('\n')}\n`);
}

/** One run of a graph of many tasks with expressions, from its start to its end. */
export function measureGraph(storage: Storage, workflow: AnyWorkflow): Promise<GraphFigures> {
  const tasks = workflow.definition.tasks.length;
  return withReprise(
    storage,
    [workflow],
    async (reprise) => {
      const start = performance.now();
      const run = await reprise.startRun(workflow.definition.name, null);
      const outcome = await run.outcome();
      if (outcome.status !== 'completed')
        throw new Error(`the graph ended as ${JSON.stringify(outcome).slice(0, 500)}`);
      return { tasks, usPerTask: ((performance.now() - start) * 1000) / tasks };
    },
    [step],
  );
}

/** How long a part of a large run of blocks, loops or child runs takes: `count` of them, in one run. */
export interface BlockFigures {
  readonly count: number;
  readonly usEach: number;
}

const BLOCKS = {
  /** Blocks of two tasks, one after the other, for each of many items. */
  blocks: `
  each:
    forEach: { items: input, concurrency: 32 }
    scope: { one: { agent: step }, two: { agent: step, after: one } }`,
  /** Child runs of one task. */
  children: `
  each: { workflow: child, forEach: { items: input, concurrency: 32 } }`,
  /** Rounds of one task. */
  rounds: `
  loop:
    scope: { one: { agent: step } }
    loop: { until: round >= input.n, max: 100000 }`,
  /** Tasks that are all undone because the last one fails. */
  undone: `
  each: { agent: step, compensate: step, forEach: { items: input, concurrency: 64 } }
  no: { raise: { code: NO }, after: each }`,
} as const;

export type BlockBench = keyof typeof BLOCKS;

export function measureBlocks(storage: Storage, what: BlockBench, count: number): Promise<BlockFigures> {
  const parent = parseWorkflow(`name: parent\nconcurrency: 64\ntasks:${BLOCKS[what]}\n`);
  const child = parseWorkflow('name: child\ntasks: { only: { agent: step } }');
  return withReprise(
    storage,
    [parent, child],
    async (reprise) => {
      const start = performance.now();
      const items = Array.from({ length: count }, (_, index) => index);
      const run = await reprise.startRun('parent', what === 'rounds' ? { n: count } : items);
      const { status } = await run.outcome();
      if (status !== (what === 'undone' ? 'failed' : 'completed')) throw new Error(`${what}: the run is ${status}`);
      return { count, usEach: ((performance.now() - start) * 1000) / count };
    },
    [step],
  );
}

if (import.meta.main) {
  for (const length of [1000, 4000, 10_000]) console.log('chain', await measureGraph('in-memory', mappedChain(length)));
  for (const layers of [10, 50, 100]) console.log('layers', await measureGraph('in-memory', layeredGraph(layers, 50)));
}
