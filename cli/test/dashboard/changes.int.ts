import {
  createInMemoryStorage,
  createInMemoryViewStore,
  NO_STREAM,
  type Projection,
  runIndex,
  type Storage,
  systemClock,
  Views,
} from '@reprise/core';
import type { Change } from '@reprise/monitor-dashboard';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { changesOf } from '../../src/dashboard/changes.ts';

interface Told {
  readonly changes: Change[];
  readonly resets: string[];
  readonly errors: unknown[];
}

describe('what the dashboard is told of what is appended', () => {
  let storage: Storage;
  let views: Views;
  let revision = NO_STREAM;
  const open: { close(): Promise<void> }[] = [];

  beforeEach(async () => {
    storage = createInMemoryStorage();
    revision = NO_STREAM;
    const projections = [runIndex as Projection];
    views = new Views({
      store: storage.events,
      views: createInMemoryViewStore(),
      projections,
      clock: systemClock,
      notice: () => undefined,
    });
    await views.start();
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await views.close();
    await storage.events.close();
  });

  /** Appends events that mean nothing to a stream. */
  async function append(count: number, stream = 'run-a'): Promise<string> {
    const events = Array.from({ length: count }, (_, at) => ({
      id: `${stream}-${revision + 1 + at}`,
      type: 'Noted',
      time: 1,
      data: {},
      metadata: { causationId: 'c', correlationId: 'a', schemaVersion: 1 },
    }));
    const { position } = await storage.events.append(stream, events, stream === 'run-a' ? revision : NO_STREAM);
    if (stream === 'run-a') revision += count;
    return position;
  }

  async function follow(after: string | undefined): Promise<Told & { readonly position: string }> {
    const told: Told = { changes: [], resets: [], errors: [] };
    const following = await changesOf(storage.events, views)(after, {
      onChange: (change) => told.changes.push(change),
      onReset: (position) => told.resets.push(position),
      onError: (error) => told.errors.push(error),
    });
    open.push(following);
    return { ...told, position: following.position };
  }

  async function until(holds: () => boolean): Promise<void> {
    for (let turn = 0; turn < 500 && !holds(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(holds()).to.equal(true);
  }

  const runs = ({ changes }: Told) =>
    changes.flatMap((change) => change.runs.map(({ runId, revision: at }) => `${runId}@${at}`));

  it('is what comes after now, by run', async () => {
    await append(3);
    const told = await follow(undefined);
    await append(2);
    await append(1, 'run-b');
    await append(1, 'definition-x');
    await until(() => runs(told).includes('b@0'));
    expect(runs(told)).to.include.members(['a@4', 'b@0']).and.not.include('a@2');
    expect(told.resets).to.deep.equal([]);
  });

  it('is also that a run was deleted', async () => {
    const told = await follow(undefined);
    const metadata = { causationId: 'c', correlationId: 'gone', schemaVersion: 1 };
    const deletion = { id: 'd', type: 'RunDeleted', time: 1, data: { runId: 'gone' }, metadata };
    await storage.events.append('audit-runs', [deletion], NO_STREAM);
    await until(() => told.changes.length > 0);
    expect(told.changes[0]?.runs).to.deep.equal([{ runId: 'gone', revision: 0, types: ['RunDeleted'] }]);
  });

  it('goes on where a browser was, without a gap', async () => {
    const position = await append(3);
    await append(4);
    const told = await follow(position);
    await until(() => runs(told).includes('a@6'));
    expect(told.position).to.equal(position);
    await append(1);
    await until(() => runs(told).includes('a@7'));
    expect(told.resets).to.deep.equal([]);
  });

  it('says when more was missed than is told, and goes on from there', async () => {
    const position = await append(1);
    for (let page = 0; page < 12; page += 1) await append(1000);
    const told = await follow(position);
    await until(() => told.resets.length === 1);
    await append(1);
    await until(() => runs(told).includes(`a@${revision}`));
    expect(told.resets).to.have.length(1);
    expect(told.errors).to.deep.equal([]);
  });

  it('refuses what is no position of a store', async () => {
    let code: unknown;
    await follow('nothing').catch((error: { readonly code: unknown }) => {
      code = error.code;
    });
    expect(code).to.equal('REPRISE_INVALID_ID');
  });
});
