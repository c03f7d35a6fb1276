import { expect } from 'chai';
import { describe, it } from 'mocha';
import { flawOf, inserted, type Loose, replaced } from './altered-golden.ts';

/** One more raise, at the begin of a run that has budgets of tasks, attempts and messages. */
const raised = (fields: Record<string, unknown>): string =>
  flawOf('budgeted', inserted({ type: 'RunStarted' }, 'BudgetRaised', { scope: '', commandId: 'more', ...fields }));

/** As it is exported: without what only a store is told. */
const metered = (change: (events: Loose[]) => void): string =>
  flawOf('metered', (events) => {
    for (const { metadata } of events) delete metadata['sleepsUntil'];
    change(events);
  });

describe('a hostile history of budgets', () => {
  it('is taken as it is', () => {
    expect(flawOf('raised', () => undefined)).to.equal('taken');
  });

  it('raises what is limited, of a block that is under way, by whole numbers, and because somebody asked', () => {
    expect(raised({ raised: { attempts: 1 } }), 'until the digest tells').to.match(/^RunCompleted data\.stateDigest/);
    expect(raised({ raised: { tasks: 1, delegations: 1 } })).to.equal(
      'BudgetRaised data: could not be done: the run has no budget of delegations that could be raised',
    );
    expect(raised({ raised: { attempts: 0 } })).to.match(/^BudgetRaised data\.raised\.attempts/);
    expect(raised({ raised: { atempts: 1 } })).to.match(/^BudgetRaised data\.raised/);
    expect(raised({ raised: {} })).to.match(/^BudgetRaised data: could not be done: it is not said/);
    expect(raised({ raised: { attempts: Number.MAX_SAFE_INTEGER } })).to.match(/than can be counted/);
    expect(raised({ scope: 'try', raised: { attempts: 1 } })).to.match(/'try' has no budget/);
    const unasked = inserted({ type: 'RunStarted' }, 'BudgetRaised', { scope: '', raised: { attempts: 1 } });
    expect(flawOf('budgeted', unasked)).to.match(/nobody asked for it/);
  });

  it('begins, as a retry, with raises that are said at its start', () => {
    const begun = (fields: Record<string, unknown>): string =>
      flawOf('raised', (events) =>
        Object.assign(events.filter(({ type }) => type === 'BudgetRaised').at(-1)?.data ?? {}, fields),
      );
    expect(begun({ raised: { messages: 1 } })).to.match(/^BudgetRaised .*no budget of messages/);
    expect(begun({ commandId: 'x' })).to.match(/^BudgetRaised .*nobody asked/);
    expect(begun({ scope: 'part' })).to.match(/^BudgetRaised .*'part' has no budget/);
  });

  it('asks whom the budget says, about what is limited, and goes on by what was answered', () => {
    expect(flawOf('begged', () => undefined)).to.equal('taken');
    const asked = (fields: Record<string, unknown>): string =>
      flawOf('begged', replaced({ type: 'BudgetAsked', taskId: 'each[2]' }, fields));
    expect(asked({ assignee: 'eve' })).to.match(/^BudgetAsked data\.assignee: is 'eve', whom '' does not ask/);
    expect(asked({ scope: 'part' })).to.match(/^BudgetAsked data\.assignee/);
    expect(asked({ budget: 'tokens' })).to.match(/^BudgetAsked data\.limit/);
    expect(asked({ limit: 3 })).to.match(/^BudgetAsked data\.limit/);
    expect(asked({ least: 0 })).to.match(/^BudgetAsked data\.least: must be/);
    expect(asked({ attempt: 1 })).to.match(/^BudgetAsked data\.attempt/);
    expect(asked({ until: 1_767_225_600_000 })).to.match(/^BudgetAsked data\.until/);
    expect(asked({ taskId: 'each[0]' })).to.match(/^BudgetAsked type: cannot come/);
    const answered = (fields: Record<string, unknown>): string =>
      flawOf('begged', replaced({ type: 'FormAnswered', taskId: 'each[2]' }, fields));
    expect(answered({ answer: { decision: 'approve', raise: 0 } })).to.match(/^FormAnswered data\.answer/);
    expect(answered({ answer: { decision: 'reject' } })).to.match(/^BudgetRaised .*not what 'each\[2\]' was answered/);
    const given = (fields: Record<string, unknown>): string =>
      flawOf('begged', replaced({ type: 'BudgetRaised', taskId: 'each[2]' }, fields));
    expect(given({ raised: { attempts: 8 } })).to.match(/not what 'each\[2\]' was answered/);
    expect(given({ taskId: 'last' })).to.match(/not what 'last' was answered/);
    expect(given({ taskId: undefined })).to.match(/nobody asked for it/);
    const readied = flawOf('begged', replaced({ type: 'TaskReady', taskId: 'each[2]' }, { reason: 'retry' }));
    expect(readied).to.match(/^TaskReady /);
    const expired = flawOf('begged', replaced({ type: 'TaskExpired', taskId: 'part/x' }, { taskId: 'part' }));
    expect(expired).to.match(/^TaskExpired /);
  });

  it('begins with a budget of known kinds', () => {
    const started = (budget: unknown): string => flawOf('raised', replaced({ type: 'RunStarted' }, { budget }));
    expect(started({ attempts: 0 })).to.match(/data\.budget\.attempts/);
    expect(started({ hours: 1 })).to.match(/data\.budget/);
  });

  it('reserves what attempts may use, as it is declared and was seen, and no more than there is', () => {
    expect(metered(() => undefined)).to.equal('taken');
    const scheduled = (taskId: string, reserved: unknown): string =>
      metered(replaced({ type: 'TaskScheduled', taskId }, { reserved }));
    expect(scheduled('each[0]', undefined)).to.equal('TaskScheduled data.reserved: is missing');
    expect(scheduled('each[0]', { tokens: 1, cost: 20_000 })).to.match(
      /data\.reserved\.tokens: is not what 'each\[0\]' may/,
    );
    expect(scheduled('unknown[1]', { tokens: 30 })).to.match(/data\.reserved\.cost: is missing/);
    expect(scheduled('unknown[1]', { tokens: 300, cost: 1000 })).to.match(/the budget of 400 tokens of '' is used up/);
    expect(scheduled('unknown[0]', { tokens: 1.5 })).to.match(/data\.reserved\.tokens/);
    expect(scheduled('unknown[0]', { hours: 1 })).to.match(/data\.reserved/);
    const plain = replaced({ type: 'TaskScheduled' }, { reserved: { tokens: 1 } });
    expect(flawOf('failed', plain)).to.match(/data\.reserved: cannot stand here|nothing around is metered/);
  });

  it('says of attempts what they used in whole numbers, and its digest knows', () => {
    const used = (usage: unknown): string => metered(replaced({ type: 'TaskCompleted', taskId: 'each[0]' }, { usage }));
    expect(used({ tokens: -1 })).to.match(/data\.usage\.tokens/);
    expect(used({ cost: 0.5 })).to.match(/data\.usage\.cost/);
    expect(used({ tokens: 26, cost: 1500 })).to.match(/^RunCompleted data\.stateDigest/);
    const unspent = inserted({ type: 'RunStarted' }, 'BudgetReached', { scope: '', budget: 'tokens' });
    expect(metered(unspent)).to.match(/was not spent just before/);
  });

  it('hands on to a cheaper agent only what is ready, and to whom a budget around names', () => {
    expect(flawOf('thrifty', () => undefined)).to.equal('taken');
    const handed = (fields: Record<string, unknown>): string =>
      flawOf('thrifty', replaced({ type: 'TaskHandedOff' }, fields));
    expect(handed({ agent: 'dear' })).to.match(/data\.budget: is '', which gives 'each\[2\]' to no 'dear'/);
    expect(handed({ budget: 'each' })).to.match(/data\.budget/);
    expect(handed({ budget: undefined })).to.match(/^TaskHandedOff/);
    expect(handed({ output: 1 })).to.match(/data\.output: cannot stand beside a budget/);
    expect(handed({ attempt: 7 })).to.match(/^TaskHandedOff data\.attempt/);
    expect(handed({ taskId: 'each[0]' })).to.match(/^TaskHandedOff/);
  });

  it('allots what the definition says, where there is room, and takes of children what they were allotted', () => {
    const allotted = (change: (events: Loose[]) => void): string =>
      flawOf('rationed', (events) => {
        for (const { metadata } of events) delete metadata['sleepsUntil'];
        change(events);
      });
    expect(allotted(() => undefined)).to.equal('taken');
    // Behind what was copied.
    const last = (type: string, fields: Record<string, unknown>): string =>
      allotted((events) => Object.assign(events.filter((event) => event.type === type).at(-1)?.data ?? {}, fields));
    expect(last('TaskEntered', { allotted: {} })).to.equal(
      "TaskEntered data.allotted: is not what the child run of 'short' may spend",
    );
    expect(last('TaskEntered', { allotted: { tokens: 26, cost: 1_000_000 } })).to.match(/data\.allotted: is not what/);
    expect(last('TaskEntered', { allotted: { tokens: 25, hours: 1 } })).to.match(/data\.allotted/);
    const ended = (usage: unknown): string => allotted(replaced({ type: 'TaskCompleted', taskId: 'short' }, { usage }));
    expect(ended({ tokens: 1, messages: 1 })).to.equal(
      "TaskCompleted data.usage.messages: cannot stand here: 'short' was allotted none",
    );
    expect(ended({ attempts: -1 })).to.match(/data\.usage\.attempts/);
    expect(ended({ tokens: 16, cost: 1000 }), 'until the digest tells').to.match(/^RunCompleted data\.stateDigest/);
    expect(
      metered(replaced({ type: 'TaskCompleted', taskId: 'each[0]' }, { usage: { tokens: 25, attempts: 1 } })),
      'of an agent',
    ).to.match(/data\.usage\.attempts: cannot stand here/);
  });
});
