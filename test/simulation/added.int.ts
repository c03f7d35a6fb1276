import { parseWorkflow, Replay } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { AddTasks } from '../../core/src/orchestration/workflow/commands.ts';
import { decodeEvent } from '../../core/src/orchestration/workflow/event-schema.ts';
import { Stage, type Work } from './golden/recorder.ts';

const PLAN = parseWorkflow(`
name: plan
version: "1"
tasks:
  first: { agent: worker }
  last: { agent: worker, after: first }
`);

const NEW = parseWorkflow('name: w\ntasks:\n  new: { agent: worker }\n  then: { agent: worker, after: new }').definition
  .tasks;

describe('tasks added to a run of the engine', () => {
  it('are done when the process stopped in the middle of them, too', async () => {
    const stage = new Stage();
    const runId = 'plan-1';
    let reached = false;
    const stuck: Work = ({ taskId }) => {
      reached ||= taskId === 'new';
      return new Promise(() => undefined);
    };
    const before = await stage.start(PLAN, { worker: stuck });
    await before.startRun(PLAN, null, { id: runId });
    const add: AddTasks = {
      type: 'AddTasks',
      runId,
      commandId: 'add-1',
      scope: '',
      tasks: NEW,
      before: [{ taskId: 'last', dependency: 'then' }],
    };
    await stage.submit(add);
    await stage.submit(add);
    await stage.submit({ ...add, commandId: 'add-2' });
    // The driver has what it had in mind: at its next append it finds that somebody was there.
    await before.run(runId).signal('look', null);
    await stage.until(async () => reached);
    const order: string[] = [];
    const work: Work = ({ taskId }) => {
      order.push(taskId);
      return taskId;
    };
    const after = await stage.start(PLAN, { worker: work });
    await stage.toEnd(runId);
    expect(order.indexOf('last')).to.equal(3);
    const view = await after.runs.state(runId);
    expect(view).to.include({ status: 'completed', output: 'last' });
    expect(view.tasks.get('then')?.added?.id).to.equal('then');
    const history = await stage.history(runId);
    expect(history.filter(({ type }) => type === 'TasksAdded')).to.have.length(1);
    expect(history.find(({ type }) => type === 'CommandRejected')?.data['code']).to.equal('REPRISE_TASK_EXISTS');
    const replay = new Replay();
    for (const event of history) replay.fold(decodeEvent(event));
    expect(replay.result().matches).to.equal(true);
    await stage.close();
  });
});
