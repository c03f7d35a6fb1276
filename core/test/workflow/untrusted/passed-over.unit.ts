import { encodeEvent, UntrustedHistory, uuidv5 } from '@reprise/core';
import { TEST_RUN_ID } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { run } from '../language/yaml-run.ts';

describe('a repeating task that a switch passes over', () => {
  const r = run(`
route: { switch: [{ when: round == 1, then: go }, { else: stop }] }
slow: { agent: a, after: route }
t: { agent: a, after: [route, slow], case: go, repeat: { from: route, until: 'false', max: 3 } }`);
  r.run('slow');
  r.run('t', 'first');

  it('ends its loop at once, whatever else it waits for', () => {
    expect(r.task('t')).to.include({ status: 'completed', output: 'first', round: 2 });
    expect(r.status('slow')).to.equal('ready');
  });

  it('is taken from outside', () => {
    const history = new UntrustedHistory(TEST_RUN_ID);
    for (const [revision, event] of r.events.entries()) {
      const metadata = { causationId: 'c', correlationId: TEST_RUN_ID, schemaVersion: 1 };
      const id = uuidv5('passed-over', String(revision));
      const record = JSON.parse(JSON.stringify({ revision, id, ...encodeEvent(event), metadata }));
      expect(history.add(record), `revision ${revision}`).to.equal(undefined);
    }
  });
});
