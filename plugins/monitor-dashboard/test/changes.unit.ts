import { createReprise, defineAgent, parseWorkflow, RunFrames } from '@reprise/core';
import { type RunEvent, RunFold } from '@reprise/core/fold';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { briefly, type Change, changesOf, pathText, valueAt } from '../ui/pure/changes.ts';
import { shapeOf } from '../ui/pure/run-shape.ts';

type Plain = Record<string | number, unknown>;

/** Puts changes into a copy: what a diff is for. */
function applied(before: unknown, changes: readonly Change[]): unknown {
  const root: Plain = { value: structuredClone(before) };
  for (const { path, kind, after } of changes.toReversed()) {
    const all = ['value', ...path];
    const at = all.slice(0, -1).reduce<Plain>((value, step) => value[step] as Plain, root);
    const name = all.at(-1) ?? '';
    if (kind === 'removed' && Array.isArray(at)) at.splice(Number(name), 1);
    else if (kind === 'removed') delete at[name];
    else at[name] = structuredClone(after);
  }
  // Items are added from the first on.
  for (const { path, kind, after } of changes) {
    if (kind === 'removed') continue;
    const all = ['value', ...path];
    all.slice(0, -1).reduce<Plain>((value, step) => value[step] as Plain, root)[all.at(-1) ?? ''] =
      structuredClone(after);
  }
  return root['value'];
}

describe('what an event changed', () => {
  it('is where two values differ: from one of them it leads to the other', () => {
    const value = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(value, value, (before, after) => {
        // Members that are called as a prototype is are no plain data to begin with.
        fc.pre(!JSON.stringify([before, after]).includes('__proto__'));
        const plain = JSON.parse(JSON.stringify([before, after])) as [unknown, unknown];
        const { changes, left } = changesOf(plain[0], plain[1], 10_000);
        expect(left).to.equal(0);
        expect(applied(plain[0], changes)).to.deep.equal(plain[1]);
        expect(changesOf(plain[1], structuredClone(plain[1])).changes).to.deep.equal([]);
      }),
    );
  });

  it('does not look into what both share, and says how much it leaves out', () => {
    const shared = {
      get trap(): never {
        throw new Error('looked');
      },
    };
    expect(changesOf({ a: shared, b: 1 }, { a: shared, b: 2 }).changes).to.deep.equal([
      { path: ['b'], kind: 'changed', before: 1, after: 2 },
    ]);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`k${at}`, at]));
    const { changes, left } = changesOf({}, many, 10);
    expect([changes.length, left]).to.deep.equal([10, 20]);
    let [deep, other]: [unknown, unknown] = [1, 2];
    for (let at = 0; at < 10_000; at += 1) [deep, other] = [{ a: deep }, { a: other }];
    expect(() => changesOf(deep, other)).not.to.throw();
  });

  it('is told in short, and found again whole', () => {
    expect(briefly({ a: 1 })).to.deep.equal({ text: '{"a":1}', chars: 7, whole: true });
    const long = briefly('x'.repeat(1000));
    expect([long.text.length, long.chars, long.whole]).to.deep.equal([240, 1002, false]);
    expect(valueAt({ a: [{ b: 3 }] }, ['a', 0, 'b'])).to.equal(3);
    expect(valueAt({ a: 1 }, ['toString'])).to.equal(undefined);
    expect(pathText(['tasks', 'a/b', 0])).to.equal('tasks › a/b › 0');
  });

  it('is told of every event of a run by the fold of core: from the beginning or a keyframe, forwards or after a jump', async () => {
    const worker = defineAgent({
      name: 'worker',
      handle: async ({ attempt, taskId }: { attempt: number; taskId: string }, { messages }) => {
        if (taskId === 'a' && attempt === 1) throw new Error('not yet');
        if (taskId === 'b') await messages.send('#desk', { hello: true }, { key: 'k' });
        return { taskId };
      },
    });
    const definition = parseWorkflow(`
name: all
mailboxes: { desk: {} }
tasks:
  a: { agent: worker, retry: { maxAttempts: 2, initialDelay: 1 } }
  list: { agent: worker, after: a, forEach: "[1, 2, 3]" }
  block: { after: list, scope: { b: { agent: worker, may: [send] }, nap: { sleep: 5ms } } }
  watch: { sleep: 1h, while: "status.block != 'completed'" }
`);
    const reprise = await createReprise({ workflows: [definition], agents: [worker] });
    await reprise.start();
    const run = await reprise.startRun(definition, null as never);
    await run.result();
    const events: RunEvent[] = [];
    for await (const { event } of reprise.runs.history(run.id))
      events.push(JSON.parse(JSON.stringify(event)) as RunEvent);
    const frames = new RunFrames(reprise.runs, { every: 7 });
    const fold = RunFold.from();
    let before: unknown = {};
    for (const [revision, event] of events.entries()) {
      fold.fold(event);
      expect(fold.revision).to.equal(revision);
      const after = JSON.parse(JSON.stringify(shapeOf(fold.view))) as unknown;
      const stored = JSON.parse(JSON.stringify(shapeOf(await frames.state(run.id, revision)))) as unknown;
      expect(after).to.deep.equal(stored);
      const { changes, left } = changesOf(before, after);
      expect(left).to.equal(0);
      expect(applied(before, changes)).to.deep.equal(after);
      before = after;
    }
    const at = events.length - 2;
    const keyframe = await frames.keyframe(run.id, at);
    expect(keyframe?.revision).to.be.within(at - 7, at);
    const later = RunFold.from(keyframe?.state);
    for (const event of events.slice((keyframe?.revision ?? 0) + 1)) later.fold(event);
    expect(JSON.parse(JSON.stringify(shapeOf(later.view)))).to.deep.equal(before);
    expect(await frames.keyframe(run.id, 3)).to.equal(undefined);
    await reprise.stop();
  });
});
