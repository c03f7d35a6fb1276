import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { viewStoreConformance } from '@reprise/conformance';
import { createReprise, defineAgent, throughput, workflow } from '@reprise/core';
import type { ViewStore } from '@reprise/core/plugin';
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { createJsonFileViews, jsonFileViews } from '../json-file-views.ts';

const folder = mkdtempSync(join(tmpdir(), 'reprise-json-views-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;
const newPath = (): string => {
  made += 1;
  return join(folder, `${made}.json`);
};

const paths = new WeakMap<ViewStore, string>();
async function open(path: string): Promise<ViewStore> {
  const store = await createJsonFileViews(path);
  paths.set(store, path);
  return store;
}

viewStoreConformance('json file', {
  create: () => open(newPath()),
  reopen: async (store) => {
    await store.close();
    return open(paths.get(store) ?? '');
  },
});

describe('views in a JSON file', () => {
  it('are built while runs go on', async () => {
    const greet = defineAgent({ name: 'greet', handle: () => 'hello' });
    const hello = workflow('hello').task('greet', greet).build();
    const plugins = [jsonFileViews(newPath())];
    const reprise = await createReprise({ workflows: [hello], plugins, projections: [throughput] });
    await reprise.start();
    await (await reprise.startRun(hello, null)).result();
    await reprise.views.reachEnd('throughput');
    expect((await reprise.views.list('throughput')).rows).to.have.length(1);
    await reprise.stop();
  });
});
