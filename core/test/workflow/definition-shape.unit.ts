import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Json, loadDefinition, recordDefinition, type TaskDefinition } from '../../src/index.ts';
import { definitionShape } from '../../src/orchestration/workflow/untrusted/definition-shape.ts';
import { definitions } from '../definition/support/definitions.ts';

const recorded = (tasks: Json) => recordDefinition(loadDefinition({ name: 'x', tasks }).definition);

/** What is said about a recorded task of which one field was changed. */
function flawOf(form: Json, change: Readonly<Record<string, unknown>>): string {
  const definition = recorded({ t: form });
  const tasks = definition.tasks.map((task) => ({ ...task, ...change }));
  const flaw = definitionShape({ ...definition, tasks }, 'data.definition');
  return flaw === undefined ? 'fine' : `${flaw.field}: ${flaw.problem}`;
}

describe('the shape of a definition from outside', () => {
  it('fits every definition that can be written', () => {
    fc.assert(
      fc.property(definitions, (definition) => {
        expect(definitionShape(recordDefinition(definition), 'data.definition')).to.equal(undefined);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses what is not of it, with its place', () => {
    const agent = { agent: 'q' };
    const at = 'data.definition.tasks[0]';
    const said: readonly [Readonly<Record<string, unknown>>, string][] = [
      [{ wait: {} }, `${at}.wait.signal: is missing`],
      [{ sleep: { kind: 'nap' } }, `${at}.sleep.kind: must be "for" or "for-computed" or "until", not "nap"`],
      [{ set: 5 }, `${at}.set: must be an object, not 5`],
      [{ switch: { cases: [{ when: { kind: 'cel', source: 'true' } }] } }, `${at}.switch.cases[0].then: is missing`],
      [{ raise: { code: '' } }, `${at}.raise.code: must have 1 to 128 characters, not 0`],
      [{ wait: { message: true } }, `${at}.wait.message: must be an object, not true`],
      [{ wait: { message: { type: '' } } }, `${at}.wait.message.type: must have 1 to 256 characters, not 0`],
      [{ wait: { message: { where: 'true' } } }, `${at}.wait.message.where: must be an object, not "true"`],
      [{ send: {} }, `${at}.send.to: is missing`],
      [{ send: { to: { kind: 'cel', source: '1' }, drop: false } }, `${at}.send.drop: must be true, not false`],
      [
        { send: { to: { kind: 'cel', source: '1' }, until: 'read' } },
        `${at}.send.until: must be "sent" or "acknowledged" or "replied", not "read"`,
      ],
      [
        { send: { to: { kind: 'cel', source: '1' }, expiresMs: 0.5 } },
        `${at}.send.expiresMs: must be a whole number from 1 to 9007199254740991, not 0.5`,
      ],
      [{ join: 0 }, `${at}.join: must be a whole number from 1 to 9007199254740991, not 0`],
      [{ join: 'some' }, `${at}.join: must be "all" or "any" or "each", not "some"`],
      [{ cases: { a: 1 } }, `${at}.cases.a: must be a task id (1 to 128 letters, digits, ".", "_" or "-"), not 1`],
      [
        { mutex: { key: { kind: 'cel', source: '1' }, across: 'world' } },
        `${at}.mutex.across: must be "run" or "workflow" or "tenant", not "world"`,
      ],
      [{ compensate: { agent: 'q', timeouts: {} } }, `${at}.compensate.retry: is missing`],
      [{ scope: { tasks: [{ id: 'a' }] } }, `${at}.scope.tasks[0].after: is missing`],
      [
        { scope: { tasks: [], catch: [{ then: 'stop' }] } },
        `${at}.scope.catch[0].then: must be "retry" or "continue" or "fail", not "stop"`,
      ],
      [{ scope: { tasks: [], loop: { max: 1 } } }, `${at}.scope.loop.onExhausted: is missing`],
    ];
    for (const [change, flaw] of said) expect(flawOf(agent, change)).to.equal(flaw);
  });

  it('is bounded, however deep the definition', () => {
    const definition = recorded({ t: { agent: 'q' } });
    const nested = (levels: number): Readonly<Record<string, unknown>> => {
      let tasks: unknown = definition.tasks;
      for (let level = 1; level < levels; level += 1) {
        tasks = (definition.tasks as readonly TaskDefinition[]).map(({ agent: _, ...task }) => ({
          ...task,
          scope: { tasks },
        }));
      }
      return { ...definition, tasks };
    };
    expect(definitionShape(nested(16), '')).to.equal(undefined);
    for (const levels of [17, 100_000])
      expect(definitionShape(nested(levels), '')?.problem).to.equal('is nested deeper than 16 levels');
  });
});
