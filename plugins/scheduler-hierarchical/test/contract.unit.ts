import { readFileSync } from 'node:fs';
import { type JsonObject, systemClock, systemIds, systemRandom } from '@reprise/core/plugin';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  createHierarchicalStrategy,
  hierarchicalScheduler,
  MANAGER_REPLY_SCHEMA,
  MANAGER_SYSTEM,
  MANAGER_TASK_SCHEMA,
  type ManagerReply,
  managerAgent,
} from '../src/index.ts';
import { Failed, progress, reply, SPEC, TeamPlay } from './support.ts';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const isTask = ajv.compile(MANAGER_TASK_SCHEMA);
const isReply = ajv.compile(MANAGER_REPLY_SCHEMA);

const step = { step: 'draft', work: 'Write', to: 'writer' };

/** One of each action. */
const REPLIES: readonly ManagerReply[] = [
  { facts: { known: 1 }, do: [{ plan: [step, { ...step, step: 'b', to: null, after: ['draft'], input: [1] }] }] },
  reply({ assign: 'b', to: 'critic', input: 1 }, { accept: 'draft' }, { reject: 'b', feedback: 'no' }),
  { progress: null, do: [{ replan: [step] }] },
  reply({ finish: { any: 'thing' } }),
  reply({ finishWith: 'draft' }),
  reply({ giveUp: 'why' }),
];

describe('what a manager is handed and gives', () => {
  it('fits the schemas, in all that happens', () => {
    const strategy = createHierarchicalStrategy();
    const { asked } = new TeamPlay(strategy, {
      spec: { ...SPEC, workers: ['writer', { agent: 'critic', description: 'Reads' }], bounds: { rejections: 0 } },
      given: ['fetch'],
      delegations: 9,
      manager: (task, n) => {
        if (n === 1) return { do: [{ plan: [step, { step: 'b', work: 'w', to: 'critic' }] }] };
        if (n === 2) return { nonsense: true };
        const [news] = task.news.filter(({ review }) => review);
        return n === 3 && news !== undefined
          ? reply({ reject: news.step, feedback: 'no' })
          : { progress: progress('', { looping: true }), do: [] };
      },
      worker: (id) => {
        if (id === 'b') throw new Failed('E');
        return 'x'.repeat(50_000);
      },
    }).play();
    expect(asked.length).to.be.above(4);
    for (const one of asked)
      expect(isTask(JSON.parse(JSON.stringify(one))), ajv.errorsText(isTask.errors)).to.equal(true);
    const seen = asked.flatMap(({ news }) => news);
    expect(seen.some(({ excerpt }) => excerpt !== undefined)).to.equal(true);
    expect(seen.some(({ error }) => error !== undefined)).to.equal(true);
    expect(seen.some(({ to }) => to === undefined)).to.equal(true);
    expect(asked.some(({ wrong }) => wrong !== undefined)).to.equal(true);
  });

  it('has each action that the strategy knows', () => {
    for (const one of REPLIES) expect(isReply(one), ajv.errorsText(isReply.errors)).to.equal(true);
    for (const one of [{}, { do: [{ plann: [] }] }, { do: [{ accept: 1 }] }, { do: [], more: 1 }])
      expect(isReply(one)).to.equal(false);
  });

  it('is told of in the words of a model', () => {
    const schema = MANAGER_REPLY_SCHEMA as {
      properties: { do: { items: { anyOf: readonly { required: readonly string[] }[] } } };
    };
    for (const { required } of schema.properties.do.items.anyOf) expect(MANAGER_SYSTEM).to.contain(`"${required[0]}"`);
  });
});

describe('managerAgent', () => {
  it('makes an agent that is typed, tells its schemas, and lets the strategy judge', async () => {
    const agent = managerAgent({
      name: 'editor',
      capabilities: ['lead'],
      decide: ({ ask }, { attempt }) => ({ facts: `${ask} ${attempt}`, do: [{ giveUp: 'no' }] }),
    });
    expect(agent).to.deep.include({ name: 'editor', capabilities: ['lead'] });
    const { asked } = new TeamPlay(createHierarchicalStrategy(), {
      spec: SPEC,
      manager: () => ({ do: [{ giveUp: 'x' }] }),
    }).play();
    const task = { input: asked[0], attempt: 2 };
    expect(await agent.handle(task as never, {} as never)).to.deep.equal({ facts: 'plan 2', do: [{ giveUp: 'no' }] });
    const { inputSchema, outputSchema } = agent;
    const told = (schema: unknown, side: string): JsonObject =>
      (schema as { '~standard': { jsonSchema: Record<string, (options: object) => JsonObject> } })[
        '~standard'
      ].jsonSchema[side]?.({}) ?? {};
    expect(told(inputSchema, 'input')).to.equal(MANAGER_TASK_SCHEMA);
    expect(told(outputSchema, 'output')).to.equal(MANAGER_REPLY_SCHEMA);
    expect(await outputSchema?.['~standard'].validate('nonsense')).to.deep.equal({ value: 'nonsense' });
  });
});

describe('the hierarchical scheduler plugin', () => {
  it('makes the strategy, of the kind that its package says', async () => {
    const plugin = hierarchicalScheduler({ review: 'none' });
    const strategy = await plugin.create({ clock: systemClock, ids: systemIds, random: systemRandom });
    expect(plugin).to.include({ name: 'hierarchical', kind: 'scheduler' });
    expect(strategy).to.include({ name: 'hierarchical' });
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      reprise: { kind: string };
    };
    expect(manifest.reprise.kind).to.equal(plugin.kind);
  });

  it('refuses a wrong option at once', () => {
    expect(() => hierarchicalScheduler({ review: 'some' as 'all' })).to.throw(/review is "some"/);
  });
});
