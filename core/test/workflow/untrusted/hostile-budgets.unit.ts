import { expect } from 'chai';
import { describe, it } from 'mocha';
import { flawOf, inserted, replaced } from './altered-golden.ts';

/** One more raise, at the begin of a run that has budgets of tasks, attempts and messages. */
const raised = (fields: Record<string, unknown>): string =>
  flawOf('budgeted', inserted({ type: 'RunStarted' }, 'BudgetRaised', { scope: '', commandId: 'more', ...fields }));

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
    expect(raised({ raised: { attempts: Number.MAX_SAFE_INTEGER } })).to.match(/more than can be counted/);
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

  it('begins with a budget of known kinds', () => {
    const started = (budget: unknown): string => flawOf('raised', replaced({ type: 'RunStarted' }, { budget }));
    expect(started({ attempts: 0 })).to.match(/data\.budget\.attempts/);
    expect(started({ hours: 1 })).to.match(/data\.budget/);
  });
});
