import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { type RepriseError, workflow } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventually, gate, orchestrators, temporaryFiles } from './support.ts';

const codeFrom = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: RepriseError) => error.code,
  );

describe('A store whose file is lost under a running process', () => {
  const { start } = orchestrators();
  const file = temporaryFiles();

  const ways: Readonly<Record<string, (path: string) => void>> = {
    'is deleted': (path) => rmSync(path),
    'is replaced by another': (path) => {
      copyFileSync(path, `${path}-other`);
      renameSync(`${path}-other`, path);
    },
  };

  for (const [how, lose] of Object.entries(ways)) {
    it(`${how}: the process stops, says why to whoever waits, and takes nothing more`, async () => {
      const path = file();
      const work = gate('work', { obeys: true });
      const definition = workflow('lost').task('a', work.agent).build();
      const reprise = await start({ plugins: [sqliteEventStore({ path })], workflows: [definition] });
      const run = await reprise.startRun(definition, 1);
      const outcome = codeFrom(run.outcome());
      await eventually(() => work.waiting === 1);
      lose(path);
      expect(await outcome).to.equal('REPRISE_STORE_REPLACED');
      await eventually(() => reprise.running === 0);
      expect(reprise.role).to.equal('stopped');
      expect(reprise.fault?.code).to.equal('REPRISE_STORE_REPLACED');
      expect(await codeFrom(reprise.startRun(definition, 1))).to.equal('REPRISE_STORE_REPLACED');
    });
  }
});
