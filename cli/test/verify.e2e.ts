import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, Running, reprise } from './support.ts';

const project = projects();

describe('verify', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise(args, { cwd });

  /** The store and its views, copied, with something changed in one of them. */
  function damaged(name: string, file: 'store' | 'views', sql: string): string {
    const store = join(cwd, `${name}.db`);
    cpSync(join(cwd, '.reprise', 'reprise.db'), store);
    cpSync(join(cwd, '.reprise', 'reprise.db-views'), `${store}-views`);
    const db = new DatabaseSync(file === 'store' ? store : `${store}-views`);
    db.exec(sql);
    db.close();
    return store;
  }
  const verified = async (store: string) => {
    const { code, stdout, stderr } = await say('verify', '--store', store, '--json');
    return {
      code,
      stderr,
      ...(jsonLines(stdout)[0] as { same: boolean; runs: { differences: Shape[] }; views: Shape[] }),
    };
  };
  type Shape = Record<string, unknown>;

  before(async () => {
    cwd = project();
    for (const id of ['b-1', 'b-2'])
      await say('run', 'start', 'batch', '--id', id, '--input', '{"numbers":[1,2,3]}', '--wait');
    await say('run', 'start', 'approval', '--id', 'open-1');
    await say('mailbox', 'send', 'desk', '--data', '1');
    await say('views', 'show', 'runs');
    await say('agent', 'list');
  });

  it('finds what is kept to be what happened, also beside a process that drives', async () => {
    const driving = new Running(['run', 'start', 'hold', '--id', 'hold-1', '--input', '{"ms":60000}', '--follow'], {
      cwd,
    });
    await driving.saw(/hold +started/);
    const { code, stdout } = await say('verify');
    expect(stdout).to.match(
      /✔ 5 runs, [\d]+ events: 2 ended as is on record, 3 open\n✔ 2 views as the events have them \(\d+ rows\), 9 not built\n/,
    );
    expect(code).to.equal(0);
    await say('run', 'cancel', 'hold-1');
    await driving.ended;
    const some = jsonLines((await say('verify', 'workflow:batch', '--json')).stdout)[0];
    expect(some).to.deep.include({ same: true, views: [] });
    expect(some).to.have.nested.property('runs.ended', 2);
  });

  it('tells an event that was changed, by the checksum, and goes on with the other runs', async () => {
    const store = damaged(
      'changed',
      'store',
      `UPDATE events SET data = replace(data, '[1,2,3]', '[1,2,4]') WHERE revision = 0 AND stream_id = (SELECT id FROM streams WHERE stream = 'run-b-1')`,
    );
    const { code, same, runs } = await verified(store);
    expect([code, same]).to.deep.equal([1, false]);
    const own = runs.differences.filter(({ runId }) => runId === 'b-1');
    expect(own[0]?.['detail']).to.match(/^REPRISE_STORE_CORRUPT: .* does not fit its checksum/);
    expect(runs.differences.filter(({ runId }) => runId !== 'b-1' && runId !== null)).to.deep.equal([]);
    const text = await say('verify', '--store', store, '--skip-views');
    expect([text.code, text.stdout]).to.satisfy(
      ([exit, out]: [number, string]) => exit === 1 && /✖ run b-1: REPRISE_STORE_CORRUPT/.test(out),
    );
  });

  it('tells an event that is gone from the middle', async () => {
    const store = damaged(
      'gone',
      'store',
      `DELETE FROM events WHERE revision = 2 AND stream_id = (SELECT id FROM streams WHERE stream = 'run-b-2')`,
    );
    const { code, runs } = await verified(store);
    expect(code).to.equal(1);
    expect(runs.differences.map(({ runId }) => runId)).to.deep.equal(['b-2']);
    expect(runs.differences[0]?.['detail']).to.match(/the event at revision 3 of run-b-2 .* has none before it/);
  });

  it('tells a list of runs that says something else, or lacks a run', async () => {
    const store = damaged(
      'listed',
      'store',
      `UPDATE streams SET status = 'completed' WHERE stream = 'run-open-1'; UPDATE streams SET kind = NULL WHERE stream = 'run-b-1'`,
    );
    const { code, runs } = await verified(store);
    expect(code).to.equal(1);
    expect(runs.differences).to.have.deep.members([
      { runId: 'b-1', revision: null, detail: 'the list of runs does not have it' },
      {
        runId: 'open-1',
        revision: null,
        detail: 'the list of runs says approval, completed; its history approval, running',
      },
    ]);
  });

  it('tells rows of views that differ, are missing or too many', async () => {
    const store = damaged(
      'views',
      'views',
      `UPDATE rows SET row = json_set(row, '$.events', 99) WHERE key = 'b-1'; DELETE FROM rows WHERE key = 'b-2';
       INSERT INTO rows SELECT view, 'ghost', row FROM rows WHERE key = 'b-1'`,
    );
    const { code, same, runs, views } = await verified(store);
    expect([code, same]).to.deep.equal([1, false]);
    expect(runs.differences).to.deep.equal([]);
    const wrong = views.filter(({ status }) => status === 'differs');
    expect(wrong.map(({ view, differ }) => [view, differ])).to.deep.equal([['runs', 3]]);
    expect(wrong[0]?.['examples']).to.have.deep.members([
      { key: 'b-1', detail: 'it differs in events' },
      { key: 'b-2', detail: 'the row is missing' },
      { key: 'ghost', detail: 'no event has it' },
    ]);
    expect((await say('views', 'rebuild', 'runs', '--store', store)).code).to.equal(0);
    expect((await verified(store)).code, 'built anew').to.equal(0);
  });

  it('says how it is used wrong, and what is not there', async () => {
    expect((await say('verify', 'stat:failed')).code).to.equal(2);
    // What checks nothing finds nothing wrong: that is said, not passed.
    const nothing = await say('verify', 'no-such-run');
    expect([nothing.code, nothing.stdout]).to.deep.equal([3, '']);
    expect(nothing.stderr).to.contain('REPRISE_RUN_NOT_FOUND').and.contain('nothing was checked');
    const none = await reprise(['verify'], { cwd: project() });
    expect([none.code, none.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 3 && /There are no runs yet/.test(err),
    );
  });
});
