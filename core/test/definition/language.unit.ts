import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  cel,
  DEFAULT_RETRY,
  type Json,
  loadDefinition,
  parseWorkflow,
  type TaskDefinition,
  template,
  workflowToYaml,
} from '../../src/index.ts';

const ONCE = { ...DEFAULT_RETRY, maxAttempts: 1 };

/** The tasks of a workflow that has `text` beneath `tasks:`; what is written of it is read back to the same. */
function tasksOf(text: string): Readonly<Record<string, TaskDefinition>> {
  const lines = text.split('\n').map((line) => `  ${line}`);
  const { definition } = parseWorkflow(`name: x\ntasks:\n${lines.join('\n')}\n`);
  expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
  return Object.fromEntries(definition.tasks.map((task) => [task.id, task]));
}

const taskOf = (form: string): TaskDefinition => tasksOf(`t: ${form}`)['t'] as TaskDefinition;

describe('performers', () => {
  it('a child, by name, or by name and version', () => {
    expect(taskOf('{ workflow: child }')).to.deep.include({ workflow: { name: 'child' }, retry: ONCE });
    expect(taskOf('{ workflow: { name: child, version: "2" }, retry: 3 }')).to.deep.include({
      workflow: { name: 'child', version: '2' },
      retry: DEFAULT_RETRY,
    });
    expect(taskOf('{ workflow: child, retry: { maxAttempts: 1, initialDelay: 2s } }').retry).to.deep.equal({
      ...ONCE,
      initialDelayMs: 2000,
    });
  });

  it('a wait, whose timeout is that of the task', () => {
    expect(taskOf(`{ wait: { signal: approved, timeout: 2d, default: { ok: false } } }`)).to.deep.include({
      wait: { signal: template('approved'), default: template({ ok: false }) },
      timeouts: { taskMs: 172_800_000 },
    });
    expect(taskOf(`{ wait: { signal: "\${ 'order-' + input.id }" }, timeout: 1h }`)).to.deep.include({
      wait: { signal: cel("'order-' + input.id") },
      timeouts: { taskMs: 3_600_000 },
    });
    expect(taskOf('{ wait: { signal: feedback } }').wait).to.deep.equal({ signal: template('feedback') });
  });

  it('a sleep, for or until, literal or computed', () => {
    const sleeps: readonly [string, TaskDefinition['sleep']][] = [
      ['30s', { kind: 'for', ms: 30_000 }],
      ['{ for: 1h30m }', { kind: 'for', ms: 5_400_000 }],
      [`{ for: "\${ input.pause }" }`, { kind: 'for-computed', duration: cel('input.pause') }],
      [`{ until: "\${ input.at }" }`, { kind: 'until', moment: cel('input.at') }],
      ['{ until: "2030-01-31T08:00:00Z" }', { kind: 'until', moment: template('2030-01-31T08:00:00Z') }],
      ['{ until: 1900000000000 }', { kind: 'until', moment: template(1_900_000_000_000) }],
    ];
    for (const [form, sleep] of sleeps) expect(taskOf(`{ sleep: ${form} }`).sleep, form).to.deep.equal(sleep);
  });

  it('a value: text, null, and what is computed', () => {
    const values: readonly [string, TaskDefinition['set']][] = [
      ['null', template(null)],
      ['hello', template('hello')],
      [`"\${ input.x }"`, cel('input.x')],
      [`{ a: [1, "\${ input.x }"] }`, template({ a: [1, `\${ input.x }`] })],
    ];
    for (const [form, set] of values) expect(taskOf(`{ set: ${form} }`).set, form).to.deep.equal(set);
  });

  it('a switch, an end, a raise', () => {
    expect(taskOf(`{ switch: [{ when: input.ok, then: yes }, { else: no }] }`).switch).to.deep.equal({
      cases: [{ when: cel('input.ok'), then: 'yes' }],
      otherwise: 'no',
    });
    expect(taskOf('{ end: {} }').end).to.deep.equal({});
    expect(taskOf('{ end: { output: { bought: false } } }').end).to.deep.equal({
      output: template({ bought: false }),
    });
    const raise = taskOf(`{ raise: { code: POOR, message: "\${ 'no ' + input.x }", status: 402, details: { a: 1 } } }`);
    expect(raise.raise).to.deep.equal({
      code: 'POOR',
      message: cel("'no ' + input.x"),
      status: 402,
      details: template({ a: 1 }),
    });
  });

  it('a scope, its tasks in their order, what is said about the whole beside it', () => {
    const { book } = tasksOf(
      [
        'book:',
        '  scope: { "20": { agent: pay }, "3": { agent: ship, after: "20" }, ask: { scope: { b: { agent: q } } } }',
        `  output: { paid: "\${ outputs["20"] }" }`,
        '  concurrency: 2',
        '  forEach: { items: input.list, concurrency: 5 }',
        '  onItemFailure: continue',
        `  loop: { until: output.done, max: 3, feedback: "\${ output }" }`,
        '  timeout: 3d',
      ]
        .join('\n')
        .replace(`"\${ outputs["20"] }"`, `'\${ outputs["20"] }'`),
    );
    expect(book?.scope?.tasks.map(({ id, after }) => [id, after])).to.deep.equal([
      ['20', []],
      ['3', ['20']],
      ['ask', []],
    ]);
    expect(book?.scope?.tasks[2]?.scope?.tasks[0]).to.deep.include({ id: 'b', agent: 'q', retry: DEFAULT_RETRY });
    expect(book?.scope).to.deep.include({
      output: template({ paid: `\${ outputs["20"] }` }),
      concurrency: 2,
      loop: { until: cel('output.done'), max: 3, onExhausted: 'fail', feedback: cel('output') },
    });
    expect(book?.forEach).to.deep.equal({ items: cel('input.list'), concurrency: 5, onItemFailure: 'continue' });
    expect(book).to.deep.include({ retry: ONCE, timeouts: { taskMs: 259_200_000 } });
  });
});

describe('the start of a task', () => {
  it('a task with the name of a case has that case, unless it says another', () => {
    const route = 'route: { switch: [{ when: input.a, then: book }, { else: stop }] }';
    const tasks = tasksOf(
      [
        route,
        'book: { agent: q, after: route }',
        'stop: { agent: q, after: route, case: book }',
        'tell: { agent: q, after: route, case: stop }',
        'both: { agent: q, after: route }',
      ].join('\n'),
    );
    expect(Object.values(tasks).map(({ cases }) => cases)).to.deep.equal([
      undefined,
      { route: 'book' },
      { route: 'book' },
      { route: 'stop' },
      undefined,
    ]);
  });

  it('with several switches a case says of which it is', () => {
    const { t } = tasksOf(
      [
        'a: { switch: [{ when: input.a, then: t }] }',
        'b: { switch: [{ when: input.b, then: left }] }',
        't: { agent: q, after: [a, b], case: { b: left } }',
      ].join('\n'),
    );
    expect(t?.cases).to.deep.equal({ a: 't', b: 'left' });
  });

  it('joins, and what becomes of the rest', () => {
    const { any, two } = tasksOf(
      [
        'a: { agent: q }',
        'b: { agent: q }',
        'any: { agent: q, after: [a, b], join: any, rest: let }',
        'two: { agent: q, after: [a, b], join: 2 }',
      ].join('\n'),
    );
    expect(any).to.include({ join: 'any', rest: 'let' });
    expect(two).to.include({ join: 2 });
    expect(two).to.not.have.property('rest');
  });
});

describe('what else a task has', () => {
  it('who undoes it, by name or with more', () => {
    expect(taskOf('{ agent: pay, compensate: refund }').compensate).to.deep.equal({
      agent: 'refund',
      retry: DEFAULT_RETRY,
      timeouts: {},
    });
    const form = `{ capability: refund, input: { a: "\${ output.id }" }, retry: 5, timeout: 1m }`;
    expect(taskOf(`{ agent: pay, compensate: ${form} }`).compensate).to.deep.equal({
      capability: 'refund',
      input: template({ a: `\${ output.id }` }),
      retry: { ...DEFAULT_RETRY, maxAttempts: 5 },
      timeouts: { attemptMs: 60_000 },
    });
  });

  it('a mutex, as a key or with how far it reaches', () => {
    const mutex = { key: cel("'customer-' + input.customer"), across: 'run' };
    const key = `"\${ 'customer-' + input.customer }"`;
    expect(taskOf(`{ agent: q, mutex: ${key} }`).mutex).to.deep.equal(mutex);
    expect(taskOf(`{ agent: q, mutex: { key: ${key}, across: run } }`).mutex).to.deep.equal(mutex);
  });

  it('a bare duration is of an attempt for agents, and of the task for all else', () => {
    expect(taskOf('{ agent: q, timeout: 5s }').timeouts).to.deep.equal({ attemptMs: 5000 });
    expect(taskOf('{ sleep: 1h, timeout: 5s }').timeouts).to.deep.equal({ taskMs: 5000 });
    expect(taskOf('{ workflow: child, timeout: 5s }').timeouts).to.deep.equal({ taskMs: 5000 });
  });

  it('what is said of a forEach stands inside it or beside it', () => {
    const forEach = { items: cel('input.list'), concurrency: 3, onItemFailure: 'continue' };
    expect(taskOf('{ agent: q, forEach: input.list, concurrency: 3, onItemFailure: continue }').forEach).to.deep.equal(
      forEach,
    );
    expect(
      taskOf('{ agent: q, forEach: { items: input.list, concurrency: 3 }, onItemFailure: continue }').forEach,
    ).to.deep.equal(forEach);
  });
});

describe('catch', () => {
  it('of a scope: filters as text or lists, a handler, what then', () => {
    const { book } = tasksOf(
      [
        'book:',
        `  scope: { pay: { agent: pay, input: "\${ feedback }" }, ship: { agent: ship, after: pay } }`,
        '  catch:',
        '    - on: { code: DECLINED, cause: [LATE, LOST], task: pay }',
        '      when: error.status == 402',
        `      do: { card: { wait: { signal: card } }, note: { agent: q, after: card, input: "\${ error }" } }`,
        '      then: retry',
        '      max: 3',
        `    - { then: continue, output: { failed: "\${ error.code }" } }`,
      ].join('\n'),
    );
    const [first, second] = book?.scope?.catch ?? [];
    expect(first).to.deep.include({
      codes: ['DECLINED'],
      causes: ['LATE', 'LOST'],
      tasks: ['pay'],
      when: cel('error.status == 402'),
      then: 'retry',
      max: 3,
    });
    expect(first?.handler?.map(({ id, after }) => [id, after])).to.deep.equal([
      ['card', []],
      ['note', ['card']],
    ]);
    expect(second).to.deep.equal({ then: 'continue', output: template({ failed: `\${ error.code }` }) });
  });

  it('of the workflow', () => {
    const form: Json = {
      name: 'x',
      tasks: { a: { agent: 'q' } },
      catch: [{ do: { note: { agent: 'q', input: `\${ outputs.a }` } }, then: 'fail' }],
    };
    const { definition } = loadDefinition(form);
    expect(definition.catch?.[0]?.handler?.[0]).to.deep.include({ id: 'note', input: cel('outputs.a') });
    expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
  });
});
