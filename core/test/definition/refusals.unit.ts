import { expect } from 'chai';
import { describe, it } from 'mocha';
import { problemsOf, refused } from './support/refused.ts';

describe('refused: performers', () => {
  refused([
    [
      'two of them',
      't: { wait: { signal: a }, sleep: 1s }',
      "tasks.t.sleep: stands beside 'wait'; keep one of the two",
    ],
    [
      'none of them',
      't: {}',
      'tasks.t.agent: is missing: name an agent, or a capability, or another performer ' +
        '(workflow, scope, wait, sleep, set, send, switch, cancel, end, raise)',
    ],
    [
      'one that cannot be read is not missing, too',
      't: { wait: 5, workflow: [] }',
      'tasks.t.workflow: must be the name of a workflow, or { name, version }, not a list',
      'tasks.t.wait: must be an object with signal, message or form, not 5',
    ],
    ['a child without a name', 't: { workflow: { version: "1" } }', 'tasks.t.workflow: needs name'],
    [
      'a wait without a signal',
      't: { wait: { sginal: a } }',
      "tasks.t.wait.sginal: is not known here; did you mean 'signal'?",
      'tasks.t.wait: needs signal, the name of what it waits for, or message, or form',
    ],
    ['a signal that is no text', 't: { wait: { signal: 5 } }', 'tasks.t.wait.signal: must be text, not 5'],
    ['a signal without a name', 't: { wait: { signal: "" } }', 'tasks.t.wait.signal: is empty'],
    [
      'a signal that is meant as an expression',
      't: { wait: { signal: input.name } }',
      `tasks.t.wait.signal: is the text "input.name"; for its value write "\${ input.name }"`,
    ],
    [
      'two time limits of a wait',
      't: { wait: { signal: a, timeout: 1h }, timeout: 2h }',
      'tasks.t.wait.timeout: is the same as the timeout of the task, which is there, too; keep one of the two',
    ],
    [
      'a sleep for what is no duration',
      't: { sleep: { for: a while } }',
      'tasks.t.sleep.for: "a while" is not a duration; write milliseconds or text such as "250ms", "30s", "1h30m"',
    ],
    [
      'a sleep for and until',
      't: { sleep: { for: 1s, until: 5 } }',
      'tasks.t.sleep: must have exactly one of for and until',
    ],
    [
      'a sleep until no moment, or one that depends on where it is read',
      't: { sleep: { until: 2030-01-31T08:00 } }',
      'tasks.t.sleep.until: "2030-01-31T08:00" is not a moment; write ISO 8601 with its zone ' +
        `("2030-01-31T08:00:00Z"), ms since 1970, or CEL: "\${ … }"`,
    ],
    [
      'a switch without a case',
      't: { switch: [{ else: a }] }',
      'tasks.t.switch: needs at least one case, { when, then }',
    ],
    [
      'an else that is not last',
      't: { switch: [{ else: a }, { when: input.x, then: b }] }',
      'tasks.t.switch[0].else: must stand last, and once: nothing after it is ever asked',
    ],
    [
      'a case that is both',
      't: { switch: [{ when: input.x, then: a, else: b }] }',
      'tasks.t.switch[0]: must be { when, then } or { else }, not both',
    ],
    [
      'a case without a when',
      't: { switch: [{ then: a }, { when: input.x, then: b }] }',
      'tasks.t.switch[0]: needs when',
    ],
    [
      'a switch that is no list',
      't: { switch: { when: input.x, then: a } }',
      'tasks.t.switch: must be a list of cases, { when, then } and last { else }, not an object',
    ],
    ['an end that says nothing', 't: { end: }', 'tasks.t.end: must be an object: {} or { output }, not null'],
    ['a raise without a code', 't: { raise: { message: no } }', 'tasks.t.raise: needs code'],
    [
      'details that are no object',
      't: { raise: { code: A, details: [1], status: 1.5 } }',
      'tasks.t.raise.status: must be a whole number, not 1.5',
      'tasks.t.raise.details: must be an object, not a list',
    ],
    ['an empty scope', 't: { scope: {} }', 'tasks.t.scope: is empty: a scope needs at least one task'],
    ['a scope that is no map', 't: { scope: [a] }', 'tasks.t.scope: must be an object of tasks by id, not a list'],
    [
      'what belongs to a scope, beside another performer',
      't: { agent: q, output: 1, catch: [], loop: {} }\ne: { end: {}, output: 1 }',
      'tasks.t.output: belongs to a scope, and this task has none',
      'tasks.t.catch: belongs to a scope, and this task has none',
      'tasks.t.loop: belongs to a scope, and this task has none',
      'tasks.e.output: belongs to a scope, and this task has none; that of an end is written end: { output }',
    ],
  ]);
});

describe('refused: what a performer may not have', () => {
  const nobody = 'is for whom the task is handed to, and here that is nobody; leave it out';
  const undo = 'does nothing that could be undone; leave it out';
  refused([
    [
      'input that nobody is handed',
      [
        'a: { set: 1, input: 1 }',
        'b: { wait: { signal: a }, input: 1 }',
        'c: { end: {}, input: 1 }',
        'd: { raise: { code: A }, input: 1 }',
      ].join('\n'),
      `tasks.a.input: ${nobody} (the value of set may read the same)`,
      `tasks.b.input: ${nobody} (what the signal brings is the output)`,
      `tasks.c.input: ${nobody} (write end: { output })`,
      `tasks.d.input: ${nobody} (write raise: { details })`,
    ],
    [
      'retry',
      'a: { scope: { i: { agent: q } }, retry: 2 }\nb: { sleep: 1s, retry: 1 }',
      'tasks.a.retry: is for attempts; to run a scope again, use catch … then: retry, or loop',
      'tasks.b.retry: has no effect: there are no attempts to make again; leave it out',
    ],
    [
      'at-most-once delivery',
      'a: { workflow: child, delivery: at-most-once }',
      'tasks.a.delivery: at-most-once is about attempts of agents, and no agent does this task; leave it out',
    ],
    [
      'limits of attempts',
      'a: { sleep: 1h, timeout: { attempt: 1s, heartbeat: 1s } }',
      'tasks.a.timeout.attempt: is the limit of an attempt of an agent, and no agent does this task; use "task"',
      'tasks.a.timeout.heartbeat: is for agents, which send heartbeats, and no agent does this task; leave it out',
    ],
    [
      'forEach on a switch and an end',
      'a: { switch: [{ when: input.x, then: y }], forEach: input.list }\nb: { end: {}, forEach: input.list }',
      'tasks.a.forEach: a switch chooses once; to choose for each item, put it into a scope that has the forEach',
      'tasks.b.forEach: an end ends its block, once; leave it out',
    ],
    [
      'repeat of a switch, an end, a raise',
      [
        'a: { switch: [{ when: input.x, then: y }], repeat: { until: output, max: 2 } }',
        'b: { end: {}, repeat: { until: output, max: 2 } }',
        'c: { raise: { code: A }, repeat: { until: output, max: 2 } }',
      ].join('\n'),
      'tasks.a.repeat: a switch may not repeat; let a task after it repeat from it',
      'tasks.b.repeat: an end ends its block; let a task before it repeat',
      'tasks.c.repeat: a raise gives no output that could end a repeat; let a task before it repeat',
    ],
    [
      'fallback of an end',
      'a: { end: {}, fallback: { value: 1 } }',
      'tasks.a.fallback: an end ends its block, and nothing can stand in for that; leave it out',
    ],
    [
      'compensation of what does nothing outside',
      [
        'a: { wait: { signal: a }, compensate: q }',
        'b: { sleep: 1s, compensate: q }',
        'c: { set: 1, compensate: q }',
        'd: { switch: [{ when: input.x, then: y }], compensate: q }',
        'e: { end: {}, compensate: q }',
        'f: { raise: { code: A }, compensate: q }',
      ].join('\n'),
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((id) => `tasks.${id}.compensate: ${undo}`),
    ],
    [
      'concurrency where there is nothing of which there are many',
      'a: { set: 1, concurrency: 2 }',
      'tasks.a.concurrency: belongs to a forEach, and this task has none',
    ],
    [
      'concurrency of a forEach said twice',
      'a: { agent: q, forEach: { items: input.list, concurrency: 2 }, concurrency: 3 }',
      'tasks.a.concurrency: is said in forEach, too; keep one of the two',
    ],
    [
      'a compensation by nobody, by two, or with the limit of a list',
      'a: { agent: q, compensate: {} }\nb: { agent: q, compensate: { agent: r, capability: s, timeout: { all: 1h } } }',
      'tasks.a.compensate.agent: is missing: name the agent, or the capability, that undoes the task',
      'tasks.b.compensate.capability: stands beside an agent; keep one of the two',
      'tasks.b.compensate.timeout.all: is the limit of a whole forEach; each item is undone by itself; use "task"',
    ],
    [
      'a mutex beyond the run',
      'a: { agent: q, mutex: { key: k, across: tenant } }\nb: { agent: q, mutex: { key: k, across: rnu } }',
      `tasks.b.mutex.across: must be "run" or "workflow" or "tenant", not "rnu"; did you mean 'run'?`,
    ],
    ['a mutex without a text', 'a: { agent: q, mutex: 5 }', 'tasks.a.mutex: must be text, not 5'],
  ]);

  it('a segment of a repeat may hold them', () => {
    const tasks = [
      'route: { switch: [{ when: input.x, then: stop }, { else: book }] }',
      'stop: { end: {}, after: route }',
      'book: { agent: q, after: route }',
      'go: { agent: q, after: [stop, book], repeat: { from: route, until: output.ok, max: 3 } }',
    ];
    expect(problemsOf(tasks.join('\n'))).to.deep.equal([]);
  });
});

describe('refused: how a task starts', () => {
  const route = 'route: { switch: [{ when: input.x, then: book }, { else: stop }] }';
  refused([
    [
      'a case that the switch has not',
      `${route}\na: { agent: q, after: route, case: boko }`,
      "tasks.a.case: the switch 'route' has no case 'boko'; did you mean 'book'?",
    ],
    [
      'a case without a switch',
      `${route}\na: { agent: q, case: book }`,
      'tasks.a.case: is of a switch, and none is among those that this task comes after; add it to after',
    ],
    [
      'a case of one of several switches',
      `${route}\nr: { switch: [{ when: input.y, then: book }] }\na: { agent: q, after: [route, r], case: book }`,
      "tasks.a.case: could be of 'route' or 'r'; write case: { route: book }",
    ],
    [
      'a case of what is no switch',
      `${route}\na: { agent: q, after: route, case: { rotue: book } }`,
      "tasks.a.case.rotue: is no switch that this task comes after; did you mean 'route'?",
    ],
    [
      'joins that cannot be met',
      [
        'a: { agent: q }',
        'b: { agent: q, join: any }',
        'c: { agent: q, after: a, join: 2 }',
        'd: { agent: q, after: a, join: 0 }',
      ].join('\n'),
      'tasks.b.join: there is nothing to join without after',
      'tasks.c.join: must be from 1 to 1, the tasks that this one comes after, not 2',
      'tasks.d.join: must be from 1 to 1, the tasks that this one comes after, not 0',
    ],
    [
      'join: each, and other words',
      'a: { agent: q }\nb: { agent: q, after: a, join: each }\nc: { agent: q, after: a, join: some }',
      'tasks.c.join: must be "all", "any", "each" or a number, not "some"',
    ],
    [
      'a rest where all are needed',
      'a: { agent: q }\nb: { agent: q, after: a, rest: cancel }',
      'tasks.b.rest: is about those that are not needed, and with join: all there are none; use join: any or a number',
    ],
    [
      'cancelling what another task waits for',
      'a: { agent: q }\nb: { agent: q }\nc: { agent: q, after: [a, b], join: any, rest: cancel }\nd: { agent: q, after: b }',
      "tasks.c.rest: 'd' comes after 'b', too, so it may not be cancelled here; use rest: let",
    ],
    [
      'a fallback task that joins',
      'a: { agent: q, fallback: { task: f } }\nf: { agent: q, join: any }',
      'tasks.f.join: there is nothing to join without after',
      "tasks.f.join: 'f' is the fallback of 'a', so it may not have join",
    ],
  ]);

  it('a case that no task takes is fine', () => {
    expect(problemsOf(`${route}\nbook: { agent: q, after: route }`)).to.deep.equal([]);
  });
});
