import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReprise, isRepriseError, type Orchestrator, type RepriseError } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkStore } from '../src/doctor/check-store.ts';
import { parseSince } from '../src/runs/list-runs.ts';
import { locateStore } from '../src/store/locate-store.ts';
import { resolveRun } from '../src/store/resolve-run.ts';
import { temporaryFolders } from './support.ts';

const folders = temporaryFolders();
const DEFAULT = join('.reprise', 'reprise.db');

async function refusal(action: Promise<unknown>): Promise<RepriseError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isRepriseError(error)) return error;
  throw new Error(`not refused: ${String(error)}`);
}

describe('locating the store', () => {
  const folderWith = (config: Readonly<Record<string, string>>, store = false): string => {
    const folder = folders();
    for (const [name, text] of Object.entries(config)) writeFileSync(join(folder, name), text);
    if (!store) return folder;
    mkdirSync(join(folder, '.reprise'));
    writeFileSync(join(folder, DEFAULT), '');
    return folder;
  };
  const THROWS = 'throw new Error("this must not run");';

  it('takes --store over all else', async () => {
    const folder = folderWith({ 'reprise.config.js': THROWS });
    expect((await locateStore({ store: 'x.db' }, folder)).path).to.equal(join(folder, 'x.db'));
  });

  it('runs no configuration that speaks of no store', async () => {
    const folder = folderWith({ 'reprise.config.js': THROWS }, true);
    expect((await locateStore({}, folder)).path).to.equal(join(folder, DEFAULT));
  });

  it('runs one that speaks of a store, and takes its plugin', async () => {
    const plugin = '{ name: "mine", kind: "event-store", create: () => ({}) }';
    const folder = folderWith({ 'reprise.config.js': `export default { plugins: [${plugin}] };` }, true);
    expect((await locateStore({}, folder)).where).to.equal("plugin 'mine'");
  });

  it('reads the path from YAML, relative to the file, and loads nothing else', async () => {
    const folder = folderWith({
      'reprise.config.yaml': 'store: { path: data/runs.db }\nagents: [./none.js]\nplugins: [none]\n',
    });
    mkdirSync(join(folder, 'below'));
    expect((await locateStore({}, join(folder, 'below'))).path).to.equal(join(folder, 'data', 'runs.db'));
  });

  it('finds a store without a configuration', async () => {
    const folder = folderWith({}, true);
    expect((await locateStore({}, folder)).path).to.equal(join(folder, DEFAULT));
  });

  it('says what to do when there is nothing', async () => {
    const error = await refusal(locateStore({}, folders()));
    expect(error.code).to.equal('REPRISE_CONFIG_NOT_FOUND');
    expect(error.message).to.contain('--store');
  });

  it('runs what is named and has no name of a configuration: it may be none', async () => {
    const folder = folderWith({ 'inv.js': 'export const holds = true;' }, true);
    const error = await refusal(locateStore({ config: 'inv.js' }, folder));
    expect([error.code, error.message.includes('no default export')]).to.deep.equal(['REPRISE_CONFIG_INVALID', true]);
    const named = folderWith({ 'other.js': 'export default {};' }, true);
    expect((await locateStore({ config: 'other.js' }, named)).path).to.equal(join(named, DEFAULT));
  });

  it('refuses two places', async () => {
    const plugin = '{ name: "mine", kind: "event-store", create: () => ({}) }';
    const folder = folderWith({
      'reprise.config.js': `export default { store: { path: 'x' }, plugins: [${plugin}] };`,
    });
    expect((await refusal(locateStore({}, folder))).code).to.equal('REPRISE_CONFIG_INVALID');
  });
});

describe('a store of a plugin', () => {
  const of = (...parts: string[]): string => {
    const folder = folders();
    const plugins = parts.map((part, at) => `{ name: "p${at}", kind: "event-store", create: () => (${part}) }`);
    writeFileSync(join(folder, 'reprise.config.js'), `export default { plugins: [${plugins.join(', ')}] };`);
    return folder;
  };

  it('is the only one', async () => {
    const error = await refusal(locateStore({}, of('{}', '{}')));
    expect(error.code).to.equal('REPRISE_CONFIG_INVALID');
    expect(error.message).to.contain('bring several: p0, p1. Keep one.');
  });

  it('can do what it must, also where it is only read', async () => {
    const access = await locateStore({}, of('{ events: {} }'));
    const error = await refusal(access.openReader());
    expect(error.code).to.equal('REPRISE_PLUGIN_INVALID');
    expect(error.message).to.contain('events.close').and.contain('which an event-store must have');
    const [check] = await checkStore(access, undefined, false);
    expect([check?.status, check?.detail]).to.deep.equal(['fail', error.message]);
  });
});

describe('naming a run', () => {
  const HELD = { name: 'held', tasks: { a: { agent: 'nobody' } } };
  const withRuns = async (
    ids: readonly string[],
    use: (resolve: (typed: string) => Promise<string>) => Promise<void>,
  ) => {
    const { loadDefinition } = await import('@reprise/core');
    const held = loadDefinition(HELD);
    const agents = [{ name: 'nobody', handle: () => null }];
    const plugin = sqliteEventStore({ path: join(folders(), 'runs.db') });
    let store: Awaited<ReturnType<typeof plugin.create>> | undefined;
    const reprise: Orchestrator = await createReprise({
      agents,
      workflows: [held],
      plugins: [{ ...plugin, create: async (context) => (store = await plugin.create(context)) }],
    });
    try {
      await reprise.start();
      for (const id of ids) await reprise.startRun(held, {}, { id });
      if (store === undefined) throw new Error('no store');
      const opened = store;
      await use((typed) => resolveRun(opened, reprise.runs, typed));
    } finally {
      await reprise.stop();
    }
  };

  it('takes an id, a unique beginning of one, and `last`', () =>
    withRuns(['alpha', 'beta', 'betamax', 'gamma'], async (resolve) => {
      expect(await resolve('alpha')).to.equal('alpha');
      expect(await resolve('ga')).to.equal('gamma');
      expect(await resolve('beta'), 'a whole id that is also a beginning').to.equal('beta');
      expect(await resolve('last')).to.equal('gamma');
      expect(await resolve('@last')).to.equal('gamma');
    }));

  it('prefers a run that is called last', () =>
    withRuns(['last', 'other'], async (resolve) => {
      expect(await resolve('last')).to.equal('last');
      expect(await resolve('@last')).to.equal('other');
    }));

  it('lists the candidates of an ambiguous beginning', () =>
    withRuns(['nightly-1', 'nightly-2'], async (resolve) => {
      const error = await refusal(resolve('night'));
      expect(error.code).to.equal('REPRISE_RUN_AMBIGUOUS');
      expect(error.details['candidates']).to.have.members(['nightly-1', 'nightly-2']);
    }));

  it('knows what was probably meant', () =>
    withRuns(['nightly-1'], async (resolve) => {
      expect((await refusal(resolve('nigthly-1'))).message).to.contain("did you mean 'nightly-1'?");
      expect((await refusal(resolve('../etc'))).code).to.equal('REPRISE_RUN_NOT_FOUND');
    }));

  it('says so when there are no runs', () =>
    withRuns([], async (resolve) => {
      expect((await refusal(resolve('last'))).code).to.equal('REPRISE_RUN_NOT_FOUND');
    }));
});

describe('--since', () => {
  it('takes a time, or how long ago', () => {
    expect(parseSince('2h', 10_000_000)).to.equal(10_000_000 - 7_200_000);
    expect(parseSince('2026-01-31T14:00:00Z', 0)).to.equal(Date.UTC(2026, 0, 31, 14));
    for (const wrong of ['yesterday', '5', '-2h', '12', '2026-02-30', '2026-02-30T10:00:00Z', '99999999d'])
      expect(() => parseSince(wrong, 0), wrong).to.throw('neither');
  });
});
