import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, jsonProblem } from '@reprise/core';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { critic } from '../src/agents/critic.ts';
import { editor } from '../src/agents/editor.ts';
import { legalReview } from '../src/agents/legal-review.ts';
import { licenceAuditor } from '../src/agents/licence-auditor.ts';
import { riskScorer } from '../src/agents/risk-scorer.ts';
import { type Inspection, inventorySchema, type PackageRecord } from '../src/records.ts';
import { MAX_SUMMARY_BYTES } from '../src/text/summarise.ts';
import { call } from './support.ts';

const MAX_PAYLOAD = 1024 * 1024;
const PACKAGES = 1500;

/** A heavy project: long names, half of them nested, every summary as long as it may be, a third with something to review. */
function record(at: number): PackageRecord {
  const name = `@some-organisation/package-${String(at).padStart(4, '0')}`;
  const place = at % 2 === 0 ? 'node_modules/' : 'node_modules/another-package/node_modules/';
  return { path: place + name, name, version: `12.${at}.3`, installed: true, ...(at % 3 === 0 ? { dev: true } : {}) };
}

const inspection = (at: number): Inspection => ({
  ...record(at),
  licence: at % 3 === 1 ? 'GPL-3.0-or-later' : 'Apache-2.0',
  bytes: 1_000_000 + at * 1000,
  files: 100 + at,
  types: 'none',
  module: 'dual',
  engines: '^20.19.0 || ^22.13.0 || >=24',
  ...(at % 20 === 0 ? { scripts: ['postinstall'], native: 'binary' } : {}),
});

describe(`payloads of a project with ${PACKAGES} heavy packages`, () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dossier-payload-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** Calls the agent, and checks the size of what goes in and out. */
  async function measured<Input, Output>(agent: Agent<Input, Output>, input: unknown): Promise<Output> {
    const output = await call(agent, input);
    for (const [side, value] of Object.entries({ input, output })) {
      expect(jsonProblem(value), `${agent.name} ${side}`).to.equal(undefined);
      const bytes = Buffer.byteLength(JSON.stringify(value));
      expect(bytes, `${agent.name} ${side}: ${bytes} bytes`).to.be.lessThan(MAX_PAYLOAD);
    }
    return output;
  }

  it('stay below 1 MiB for every agent and every list of results', async () => {
    const all = Array.from({ length: PACKAGES }, (_, at) => at);
    const packages = all.map(inspection);
    const texts = all.map((at) => `${at} ${'w'.repeat(MAX_SUMMARY_BYTES - String(at).length - 1)}`);
    const summaries = packages.map(({ path }, at) => ({ path, text: texts[at], source: 'readme' }));
    const project = { name: 'app', version: '1.0.0' };
    const listing = inventorySchema.parse({ folder, project, source: 'package-lock.json', packages: all.map(record) });
    for (const list of [listing, packages, summaries, listing.packages.map((one) => ({ folder, ...one }))]) {
      expect(Buffer.byteLength(JSON.stringify(list))).to.be.lessThan(MAX_PAYLOAD);
    }
    const audit = await measured(licenceAuditor, { packages });
    const { groups } = await measured(legalReview, { folder, review: audit.review });
    const { ranked } = await measured(riskScorer, { packages, licences: audit.licences });
    const { counts, licences } = audit;
    const own = { counts, licences };
    const material = { project, source: listing.source, packages, summaries: texts, audit: own, groups, ranked };
    const first = await measured(editor, { folder, material });
    const verdict = await measured(critic, { edition: first, packages, review: audit.review });
    expect(verdict.complete).to.equal(false);
    const second = await measured(editor, { folder, material, findings: verdict.findings });
    expect((await measured(critic, { edition: second, packages, review: audit.review })).complete).to.equal(true);
  });
});
