import { expect } from 'chai';
import { describe, it } from 'mocha';
import { flawOf, inserted, type Loose } from './altered-golden.ts';

// What no list would have come to is refused, with its reason.

const the = (events: Loose[], type: string, place = 0): Loose => {
  const found = events.filter((event) => event.type === type)[place];
  if (found === undefined) throw new Error(`no ${type}`);
  return found;
};

/** Moves the event of a type to where the one of another stands. */
const before =
  (type: string, other: string) =>
  (events: Loose[]): void => {
    const [moved] = events.splice(events.indexOf(the(events, type)), 1);
    if (moved !== undefined) events.splice(events.indexOf(the(events, other)), 0, moved);
  };

const set =
  (type: string, fields: Record<string, unknown>, place = 0) =>
  (events: Loose[]): void => {
    Object.assign(the(events, type, place).data, fields);
  };

describe('a hostile history of lists', () => {
  it('is taken as it is', () => {
    for (const name of ['quorum', 'merged', 'longer']) expect(flawOf(name, () => undefined)).to.equal('taken');
  });

  it('yields when it has what it is for, and says what becomes of the rest', () => {
    expect(flawOf('quorum', before('TaskYielded', 'TaskStarted'))).to.match(/0 of 2 items of 'quotes' have completed/);
    expect(flawOf('quorum', (events) => delete the(events, 'TaskYielded').data['rest'])).to.match(/data\.rest/);
    expect(flawOf('quorum', set('TaskYielded', { taskId: 'choose' }))).to.match(/is no list that yields/);
    expect(flawOf('quorum', set('TaskYielded', { taskId: 'quotes' }, 1))).to.match(/cannot come: 'quotes' is running/);
    expect(flawOf('quorum', set('TaskExpanded', { need: 1 }))).to.match(/data\.need: is 1 where 2 is said/);
    expect(flawOf('quorum', (events) => delete the(events, 'TaskExpanded', 1).data['need'])).to.match(
      /data\.need: is missing/,
    );
    expect(flawOf('quorum', set('TaskExpanded', { need: 1 }, 2))).to.match(/data\.need: cannot stand here/);
  });

  it('gives items up only by a list that cancels the rest', () => {
    expect(flawOf('quorum', set('TaskClosing', { taskId: 'votes[0]' }, 1))).to.match(/TaskClosing/);
    expect(flawOf('quorum', before('TaskClosing', 'TaskYielded'))).to.match(/TaskClosing data\.why: is list/);
  });

  it('joins what has completed, once', () => {
    expect(flawOf('merged', set('ItemJoined', { index: 0 }))).to.match(/data\.index: is 0/);
    expect(flawOf('merged', set('ItemJoined', { index: 9 }))).to.match(/data\.index: is 9/);
    expect(flawOf('merged', set('ItemJoined', { taskId: 'fast' }))).to.match(/is no join of each/);
    expect(flawOf('merged', set('ItemJoined', { index: 2 }, 2))).to.match(/data\.index: is 2/);
    expect(flawOf('merged', set('ItemJoined', { index: -1 }))).to.match(/data\.index: must be a whole number/);
    const again = inserted({ type: 'ItemJoined', taskId: 'merge', index: 2 }, 'ItemJoined', {
      taskId: 'merge',
      index: 2,
    });
    expect(flawOf('merged', again), 'twice').to.match(/ItemJoined data\.index: is 2/);
    const late = inserted({ type: 'TaskCompleted', taskId: 'merge' }, 'ItemJoined', { taskId: 'merge', index: 2 });
    expect(flawOf('merged', late)).to.match(/ItemJoined type: cannot come: 'merge' is completed/);
    expect(flawOf('merged', set('ItemJoined', { taskId: 'merge[2]' }, 1))).to.match(/is no join of each|does not have/);
  });

  it('is added to while it is under way, behind what is there', () => {
    expect(flawOf('longer', set('ItemsAdded', { from: 1 }))).to.match(/data\.from: is 1 where 2 must be/);
    expect(flawOf('longer', set('ItemsAdded', { items: [] }))).to.match(/data\.items: is empty/);
    expect(flawOf('longer', set('ItemsAdded', { taskId: 'last', from: 0 }))).to.match(/it is no list/);
    expect(flawOf('longer', before('ItemsAdded', 'TaskExpanded'))).to.match(/data\.from: is 2 where 0 must be/);
    const many = Array.from({ length: 1001 }, () => null);
    expect(flawOf('longer', set('ItemsAdded', { items: many }))).to.match(/data: could not be added: .*at once/);
    const of = (taskId: string, from: number) => ({ taskId, from, items: [1], commandId: 'more' });
    const ended = inserted({ type: 'TaskCompleted', taskId: 'each' }, 'ItemsAdded', of('each', 4));
    expect(flawOf('longer', ended)).to.match(/ItemsAdded data: could not be added: .*it is completed/);
    const item = inserted({ type: 'ItemsAdded' }, 'ItemsAdded', of('each[0]', 0));
    expect(flawOf('longer', item)).to.match(/ItemsAdded data: could not be added: .*an item/);
    const twice = inserted({ type: 'ItemsAdded' }, 'ItemsAdded', { ...of('each', 4), commandId: 'AddItems/more' });
    expect(flawOf('longer', twice)).to.match(/is 'AddItems\/more', which took effect before/);
    expect(flawOf('merged', inserted({ type: 'ItemJoined' }, 'ItemsAdded', of('merge', 3)))).to.match(
      /ItemsAdded data: could not be added/,
    );
  });

  it('is added to by an agent of an item of it, that may', () => {
    const by = (addedBy: unknown) => flawOf('steered', set('ItemsAdded', { addedBy }));
    expect(flawOf('steered', () => undefined)).to.equal('taken');
    expect(by({ taskId: 'nobody', attempt: 1 })).to.match(/which the run does not have/);
    expect(by({ taskId: 'each[0]/read', attempt: 2 })).to.match(/data\.attempt: is 2/);
    expect(by({ taskId: 'each[0]/sum', attempt: 1 })).to.match(/'each\[0\]\/sum' is pending/);
    expect(by({ taskId: 'facts', attempt: 1 })).to.match(/'facts', whose agent may add no items to 'each'/);
    expect(by({ taskId: 'each[0]/read' })).to.match(/addedBy\.attempt: is missing/);
  });
});
