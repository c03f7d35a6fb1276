import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  bindDefinition,
  DEFAULT_RETRY,
  hashDefinition,
  loadDefinition,
  parseWorkflow,
  recordDefinition,
  validateDefinition,
  type WorkflowDefinition,
  workflow,
} from '../../src/index.ts';

describe('the longest delay of a retry', () => {
  const read = (retry: string) => parseWorkflow(`name: x\ntasks: { a: { agent: q, retry: ${retry} } }`).definition;
  const policy = (retry: string) => read(retry).tasks[0]?.retry;

  it('below the first one is refused when both are written', () => {
    const message = /tasks\.a\.retry\.maxDelay: is 1000ms, shorter than the initialDelay of 5000ms; make it at least/;
    expect(() => read('{ initialDelay: 5s, maxDelay: 1s }')).to.throw(message);
    expect(() =>
      loadDefinition({ name: 'x', tasks: { a: { agent: 'q', retry: { initialDelay: 5000, maxDelay: 1000 } } } }),
    ).to.throw(message);
    const built = workflow('x').task('a', 'q', { retry: { initialDelay: '5s', maxDelay: '1s' } });
    expect(() => built.build()).to.throw(message);
    const standIn = workflow('x')
      .fallbackTask('a', 'q', { retry: { initialDelay: '5s', maxDelay: '1s' } })
      .task('b', 'q', { fallback: { task: 'a' } });
    expect(() => standIn.build()).to.throw(message);
    expect(policy('{ initialDelay: 5s, maxDelay: 5s }')?.maxDelayMs).to.equal(5000);
  });

  it('is at least the first one when it is not written', () => {
    expect(policy('{ initialDelay: 5m }')).to.deep.equal({
      ...DEFAULT_RETRY,
      initialDelayMs: 300_000,
      maxDelayMs: 300_000,
    });
    expect(policy('{ initialDelay: 60s }')?.maxDelayMs).to.equal(60_000);
    expect(policy('{ initialDelay: 5s }')).to.deep.equal({ ...DEFAULT_RETRY, initialDelayMs: 5000 });
    expect(policy('{ maxDelay: 100ms }')).to.deep.equal({ ...DEFAULT_RETRY, maxDelayMs: 100 });
    expect(policy('3')).to.deep.equal(DEFAULT_RETRY);
  });

  it('keeps the hash of a definition that says neither, or less than a minute', () => {
    const built = workflow('hashed').task('a', 'x', { retry: { initialDelay: '1m' } });
    expect(built.build().hash).to.equal('8bdaf5d057991bf8fa508d54a1ad413334b68c1fb52041cae26ecbdcfe812088');
  });

  it('is not refused in a recorded definition', () => {
    const definition = read('{ initialDelay: 5s }');
    const old: WorkflowDefinition = {
      ...definition,
      tasks: definition.tasks.map((task) => ({ ...task, retry: { ...task.retry, initialDelayMs: 120_000 } })),
    };
    const recorded = recordDefinition(old);
    expect(recorded.tasks[0]?.retry).to.include({ initialDelayMs: 120_000, maxDelayMs: 60_000 });
    expect(validateDefinition(recorded)).to.deep.equal([]);
    expect(hashDefinition(bindDefinition(recorded, undefined).definition)).to.equal(hashDefinition(old));
  });
});
