import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { describer } from '../src/agents/describer.ts';
import { inspector } from '../src/agents/inspector.ts';
import { inventory } from '../src/agents/inventory.ts';
import { licenceAuditor } from '../src/agents/licence-auditor.ts';
import { summariser } from '../src/agents/summariser.ts';
import type { Inspection, Summary } from '../src/records.ts';
import { MAX_SUMMARY_BYTES } from '../src/text/summarise.ts';
import { call, REPOSITORY } from './support.ts';

const IN_FLIGHT = 8;

async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += IN_FLIGHT) {
    results.push(...(await Promise.all(items.slice(at, at + IN_FLIGHT).map(work))));
  }
  return results;
}

const isNoReadme = (error: unknown): boolean =>
  error instanceof Error && (error as { code?: string }).code === 'NO_README';

describe('the agents, over this repository', () => {
  let inspections: Inspection[] = [];
  let summaries: Summary[] = [];
  /** The installed manifest of a package, read independently of the agents. */
  const manifestOf = (path: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(REPOSITORY, path, 'package.json'), 'utf8')) as Record<string, unknown>;

  before(async () => {
    const { folder, packages } = await call(inventory, { folder: REPOSITORY });
    const tasks = packages.map((record) => ({ folder, ...record }));
    inspections = await inParallel(tasks, (task) => call(inspector, task));
    summaries = await inParallel(tasks, async (task) => {
      try {
        return await call(summariser, task);
      } catch (error) {
        if (!isNoReadme(error)) throw error;
        return call(describer, task);
      }
    });
  });

  it('inspect every package, in the order of the inventory', () => {
    expect(inspections.length).to.be.greaterThan(300);
    expect(inspections.filter(({ problem }) => problem !== undefined)).to.deep.equal([]);
    expect(summaries.map(({ path }) => path)).to.deep.equal(inspections.map(({ path }) => path));
  });

  it('report the licences, versions, engines and scripts of the manifests', () => {
    for (const { path, name, version, installed, licence, licenceFrom, engines, scripts = [], found } of inspections) {
      if (!installed) continue;
      const manifest = manifestOf(path);
      expect(name, path).to.equal(manifest.name);
      expect(found ?? version, path).to.equal(manifest.version);
      if (typeof manifest.license === 'string' && !manifest.license.startsWith('SEE')) {
        expect(licence, path).to.equal(manifest.license);
        expect(licenceFrom, path).to.equal(undefined);
      }
      const node = (manifest.engines as { node?: string } | undefined)?.node;
      if (typeof node === 'string') expect(engines, path).to.equal(node.trim().slice(0, 60).trimEnd());
      const declared = Object.keys((manifest.scripts ?? {}) as object);
      for (const script of ['preinstall', 'install', 'postinstall'] as const) {
        expect(scripts.includes(script), `${path} ${script}`).to.equal(declared.includes(script));
      }
    }
  });

  it('measure what lies on the disk', () => {
    const some = inspections.filter(({ installed }, at) => installed && at % 7 === 0);
    expect(some.length).to.be.greaterThan(40);
    for (const { path, bytes, files } of some) {
      const all = globSync('**/*', { cwd: join(REPOSITORY, path), exclude: (name) => name === 'node_modules' });
      const stats = all.map((name) => statSync(join(REPOSITORY, path, name))).filter((stat) => stat.isFile());
      // A glob leaves out names that start with a dot.
      expect(files, path).to.be.at.least(stats.length);
      expect(bytes, path).to.be.at.least(stats.reduce((sum, { size }) => sum + size, 0));
      expect(files - stats.length, path).to.be.at.most(12);
    }
  });

  it('summarise whatever has a README with prose, and describe the rest', () => {
    const sources = { readme: 0, manifest: 0, none: 0 };
    for (const [at, { path, text, source }] of summaries.entries()) {
      sources[source] += 1;
      expect(Buffer.byteLength(JSON.stringify(text)) - 2, path).to.be.within(1, MAX_SUMMARY_BYTES);
      if (inspections[at]?.installed === false) expect(source, path).to.equal('none');
      if (source !== 'readme') continue;
      expect(text, path).to.not.match(/<\/?(div|img|p|a|b)\b|!\[|\]\(|```|https?:/);
    }
    const installed = inspections.filter((one) => one.installed).length;
    expect(sources.readme / installed).to.be.greaterThan(0.9);
  });

  it('classify every licence that the lockfile declares', async () => {
    const audit = await call(licenceAuditor, { packages: inspections });
    expect(Object.values(audit.counts).reduce((sum, count) => sum + count, 0)).to.equal(inspections.length);
    expect(
      audit.licences.filter(({ declared, expression }) => declared !== null && expression === undefined),
    ).to.deep.equal([]);
    const mit = inspections.filter(({ path, installed }) => installed && manifestOf(path).license === 'MIT').length;
    expect(audit.licences.find(({ declared }) => declared === 'MIT')?.count).to.be.at.least(mit);
  });

  it('find the packages that are known to need a compiler, or to run a script', () => {
    for (const one of inspections.filter(({ installed }) => installed)) {
      const gyp = existsSync(join(REPOSITORY, one.path, 'binding.gyp'));
      if (gyp) expect(one.native, one.path).to.not.equal(undefined);
    }
    expect(inspections.some(({ scripts }) => scripts?.includes('postinstall'))).to.equal(true);
  });
});
