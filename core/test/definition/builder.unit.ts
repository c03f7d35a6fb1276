import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { cel, DEFAULT_RETRY, defineAgent, isRepriseError, template, workflow } from '../../src/index.ts';

const upper = defineAgent<string, string>({ name: 'upper', handle: ({ input }) => input.toUpperCase() });
const lower = defineAgent<string, string>({ name: 'lower', handle: ({ input }) => input.toLowerCase() });

describe('builder', () => {
  it('makes data of what it is told, defaults filled in', () => {
    const schema = z.object({ names: z.array(z.string()) });
    const built = workflow('names', { version: '2', input: schema, timeout: '10m', concurrency: 4 })
      .task('shout', upper, {
        forEach: ({ input }) => input.names,
        concurrency: 2,
        onItemFailure: 'continue',
        fallback: { agent: lower },
      })
      .task('tell', 'teller', {
        after: ['shout'],
        when: cel('size(outputs.shout) > 0'),
        input: template({ names: `\${ outputs.shout }` }),
        retry: { maxAttempts: 5, initialDelay: '2s' },
        timeout: { attempt: '1m', heartbeat: 500 },
        priority: 3,
        delivery: 'at-most-once',
      })
      .build();
    expect(built.agents).to.deep.equal([upper, lower]);
    expect(built.inputSchema).to.equal(schema);
    expect(built.hash).to.match(/^[0-9a-f]{64}$/);
    const [shout, tell] = built.definition.tasks;
    expect(built.definition).to.include({
      name: 'names',
      version: '2',
      timeoutMs: 600_000,
      concurrency: 4,
      strategy: 'graph',
    });
    expect(shout).to.deep.include({
      id: 'shout',
      agent: 'upper',
      after: [],
      retry: DEFAULT_RETRY,
      timeouts: {},
      priority: 0,
    });
    expect(shout?.forEach).to.include({ concurrency: 2, onItemFailure: 'continue' });
    expect(shout?.fallback).to.deep.equal({ kind: 'agent', agent: 'lower' });
    expect(tell).to.deep.equal({
      id: 'tell',
      agent: 'teller',
      after: ['shout'],
      when: cel('size(outputs.shout) > 0'),
      input: { kind: 'template', template: { names: `\${ outputs.shout }` } },
      retry: { ...DEFAULT_RETRY, maxAttempts: 5, initialDelayMs: 2000 },
      timeouts: { attemptMs: 60_000, heartbeatMs: 500 },
      priority: 3,
      delivery: 'at-most-once',
    });
  });

  it('knows four time limits; a definition without one keeps its hash', () => {
    const limited = workflow<string[]>('x').task('a', upper, {
      forEach: ({ input }) => input,
      timeout: { attempt: 10, task: '1s', all: '1m', heartbeat: 5 },
    });
    expect(limited.build().definition.tasks[0]?.timeouts).to.deep.equal({
      attemptMs: 10,
      taskMs: 1000,
      allMs: 60_000,
      heartbeatMs: 5,
    });
    const plain = workflow('hashed').task('a', 'x', { timeout: { task: '1m' } });
    expect(plain.build().hash).to.equal('abc730ef1a3b7e1e49c92ee279759f7d5841de8cf2100cd3f23d1500ff81c045');
  });

  it('can be continued in two ways', () => {
    const begun = workflow<string>('x').task('a', upper);
    const one = begun.task('b', upper, { after: 'a' }).build();
    const other = begun.task('c', upper, { after: 'a' }).build();
    expect(one.definition.tasks.map((task) => task.id)).to.deep.equal(['a', 'b']);
    expect(other.definition.tasks.map((task) => task.id)).to.deep.equal(['a', 'c']);
  });

  it('a fallback task is a task that another names', () => {
    const { definition } = workflow('x')
      .fallbackTask('manual', { capability: 'human' })
      .task('a', 'x', { fallback: { task: 'manual' } })
      .build();
    expect(definition.tasks.map((task) => [task.id, task.capability, task.fallback])).to.deep.equal([
      ['manual', 'human', undefined],
      ['a', undefined, { kind: 'task', task: 'manual' }],
    ]);
  });

  it('the same source of functions gives the same hash, another source another', () => {
    const build = (text: string) =>
      workflow<string>('x')
        .task('a', upper, { input: ({ input }) => `${input}${text.length}` })
        .build().hash;
    expect(build('a')).to.equal(build('b'));
    const other = workflow<string>('x')
      .task('a', upper, { input: ({ input }) => `${input}!` })
      .build().hash;
    expect(other).to.not.equal(build('a'));
  });

  it('reports everything that is wrong in one error', () => {
    // What TypeScript refuses, JavaScript can still say.
    const untyped = (options: object): never => options as never;
    try {
      workflow<string>('bad name')
        .task(
          'a',
          upper,
          untyped({ after: 'nowhere', timeout: '3 minutes', retry: 'often', inptu: 1, when: 'true', concurrency: 2 }),
        )
        .task(
          'b',
          defineAgent<string, string>({ name: 'upper', handle: () => '' }),
          untyped({ input: 5, fallback: { value: new Map() } }),
        )
        .build();
      expect.fail('it was built');
    } catch (error) {
      if (!isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) throw error;
      const problems = error.details['problems'] as readonly { readonly path: string }[];
      expect(problems.map(({ path }) => path)).to.have.members([
        'tasks.a.inptu',
        'tasks.a.when',
        'tasks.a.concurrency',
        'tasks.a.retry',
        'tasks.a.timeout',
        'tasks.b.agent',
        'tasks.b.input',
        'tasks.b.fallback.value',
        'name',
        'tasks.a.after[0]',
      ]);
      expect(error.message).to.include("Workflow 'bad name' has 10 problems:").and.include("; did you mean 'input'?");
    }
  });
});
