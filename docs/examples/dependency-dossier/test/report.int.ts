import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { critic } from '../src/agents/critic.ts';
import { editor } from '../src/agents/editor.ts';
import { legalReview } from '../src/agents/legal-review.ts';
import { licenceAuditor } from '../src/agents/licence-auditor.ts';
import { riskScorer } from '../src/agents/risk-scorer.ts';
import type { Audit, Inspection } from '../src/records.ts';
import { checkReport } from '../src/report/check-report.ts';
import { compileDossier, type Dossier, type Material } from '../src/report/dossier.ts';
import { toMarkdown } from '../src/report/to-markdown.ts';
import { call, failure, testContext } from './support.ts';

const FINDINGS = [{ code: 'missing-package', message: 'x', paths: [] }];

/** What the agents before the editor make of these packages. */
async function materialOf(
  packages: readonly Inspection[],
  summary = 'It does things.',
): Promise<Material & { audit: Audit }> {
  const audit: Audit = await call(licenceAuditor, { packages });
  const { groups } = await call(legalReview, { folder: '/nowhere', review: audit.review });
  const { ranked } = await call(riskScorer, { packages, licences: audit.licences });
  const summaries = packages.map(() => summary);
  return {
    project: { name: 'app', version: '1.0.0' },
    source: 'package-lock.json',
    packages: [...packages],
    summaries,
    audit,
    groups,
    ranked,
  };
}

const LICENCES = ['MIT', 'GPL-3.0-only', 'MPL-2.0', undefined] as const;
const inspection = (name: string, at: number, more: Partial<Inspection> = {}): Inspection => {
  const licence = LICENCES[at % LICENCES.length];
  return {
    path: `node_modules/${name}`,
    name,
    version: `1.0.${at}`,
    installed: true,
    ...(licence === undefined ? {} : { licence }),
    bytes: 100 + at,
    files: 1 + at,
    types: 'none',
    module: 'cjs',
    ...more,
  };
};
const many = (count: number): Inspection[] =>
  Array.from({ length: count }, (_, at) => inspection(`p${String(at).padStart(4, '0')}`, at));

describe('editor and critic', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dossier-report-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('come to a complete report in two rounds', async () => {
    const packages = many(60);
    const material = await materialOf(packages);
    const { review } = material.audit;
    const first = await call(editor, { folder, material });
    expect(first).to.deep.equal({
      edition: 'short',
      markdown: join(folder, '.reprise/dossier/dossier.md'),
      json: join(folder, '.reprise/dossier/dossier.json'),
      entries: 25,
    });
    const verdict = await call(critic, { edition: first, packages, review });
    expect(verdict.complete).to.equal(false);
    expect(verdict.findings.map(({ code }) => code)).to.deep.equal([
      'missing-package',
      'missing-package',
      'totals-do-not-add-up',
    ]);
    expect(verdict.findings[0]?.message).to.match(/35/);
    const second = await call(editor, { folder, material, findings: verdict.findings }, { round: 2 });
    expect(second).to.include({ edition: 'complete', entries: 60 });
    expect(await call(critic, { edition: second, packages, review })).to.deep.equal({ complete: true, findings: [] });
    expect(await readdir(join(folder, '.reprise/dossier'))).to.deep.equal(['dossier.json', 'dossier.md']);
  });

  it('need one round when everything fits into the short edition, and none of it is missing', async () => {
    const packages = many(9);
    const material = await materialOf(packages.map((one) => ({ ...one, types: 'none' as const })));
    const edition = await call(editor, { folder, outDir: 'small', material });
    const { complete } = await call(critic, { edition, packages, review: material.audit.review });
    expect(complete).to.equal(true);
  });

  it('write the same bytes for the same input, and no time but one that is given', async () => {
    const material = { ...(await materialOf(many(30))), date: '2031-02-03' };
    const read = async (): Promise<string[]> =>
      Promise.all(['dossier.md', 'dossier.json'].map((name) => readFile(join(folder, 'same', name), 'utf8')));
    await call(editor, { folder, outDir: 'same', material, findings: FINDINGS });
    const once = await read();
    await call(editor, { folder, outDir: 'same', material, findings: FINDINGS }, { key: 'another' });
    expect(await read()).to.deep.equal(once);
    expect(once.join('').match(/\b20\d\d-\d\d-\d\d/g)).to.deep.equal(['2031-02-03', '2031-02-03']);
  });

  it('notice files that are gone, or are not what they should be', async () => {
    const packages = many(3);
    const material = await materialOf(packages);
    const edition = await call(editor, { folder, outDir: 'damaged', material, findings: FINDINGS });
    const check = async (): Promise<unknown> =>
      (await call(critic, { edition, packages, review: material.audit.review })).findings.map(({ message }) => message);
    expect(await check()).to.deep.equal([]);
    for (const content of ['', '{}', '[1]', 'null', '{"schemaVersion":1']) {
      await writeFile(edition.json, content);
      expect(await check(), content).to.deep.equal(['the JSON file cannot be read']);
    }
    await rm(edition.markdown);
    expect(await check()).to.deep.equal(['the Markdown file cannot be read', 'the JSON file cannot be read']);
  });

  it('fail for good, with a hint, when the folder cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const material = await materialOf(many(1));
    const error = await failure(call(editor, { folder, outDir: 'file/out', material }));
    expect(error).to.include({ code: 'OUTPUT_UNWRITABLE', retryable: false });
    expect(error.message).to.match(/outDir/);
  });

  it('leave no half-written file behind, and write nothing when told to stop', async () => {
    const material = await materialOf(many(1));
    const reason = new Error('cancelled');
    const context = testContext(AbortSignal.abort(reason));
    expect(await failure(call(editor, { folder, outDir: 'stopped', material }, { context }))).to.equal(reason);
    expect(await readdir(folder)).to.not.include('stopped');
    await call(editor, { folder, outDir: 'blocked', material });
    await rm(join(folder, 'blocked/dossier.md'));
    await mkdir(join(folder, 'blocked/dossier.md/in-the-way'), { recursive: true });
    await failure(call(editor, { folder, outDir: 'blocked', material }));
    expect(await readdir(join(folder, 'blocked'))).to.deep.equal(['dossier.json', 'dossier.md']);
  });
});

interface Report {
  readonly material: Material & { audit: Audit };
  readonly dossier: Dossier;
  readonly markdown: string;
  readonly flagged: string[];
}

describe('critic, over any report', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9._-]{0,12}$/);
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '### `x@1`',
      '`a`',
      '## Packages',
      '| Packages | 3 |',
      'a\n## Licences to review\n',
      '- `p`: x',
      '<b>',
      '\\',
    ),
  );
  const packagesOf = fc.uniqueArray(word, { minLength: 1, maxLength: 12 }).chain((names) =>
    fc.tuple(
      ...names.map((name, at) =>
        fc
          .record({
            version: fc.oneof(fc.constant(`1.${at}.0`), fc.stringMatching(/^[0-9]{1,2}\.[0-9]\.[0-9](-[a-z]{1,5})?$/)),
            licence: fc.oneof(fc.constantFrom('MIT', 'GPL-3.0', 'a`b|c\n## d'), text),
            bytes: fc.nat(1e9),
            nested: fc.boolean(),
          })
          .map(({ nested, ...more }) =>
            inspection(name, at, nested ? { ...more, path: `node_modules/x-y/node_modules/${name}` } : more),
          ),
      ),
    ),
  );

  const build = async (packages: readonly Inspection[], summary: string): Promise<Report> => {
    const material = await materialOf(packages, summary);
    const dossier = compileDossier(material, 'complete');
    return {
      material,
      dossier,
      markdown: toMarkdown(dossier, material),
      flagged: material.audit.review.map(({ path }) => path),
    };
  };

  it('accepts a complete report, whatever strangers put into names, licences and summaries', async () => {
    await fc.assert(
      fc.asyncProperty(packagesOf, text, async (packages, summary) => {
        const { dossier, markdown, flagged } = await build(packages, summary);
        expect(checkReport(markdown, JSON.stringify(dossier), { packages, flagged })).to.deep.equal({
          complete: true,
          findings: [],
        });
      }),
      { numRuns: 40 },
    );
  });

  it('refuses a report in which any package is removed, doubled, or has another name, version or path', async () => {
    const change = fc.constantFrom('remove', 'double', 'name', 'version', 'path');
    await fc.assert(
      fc.asyncProperty(packagesOf, text, change, fc.nat(), async (packages, summary, kind, pick) => {
        const { material, dossier, markdown, flagged } = await build(packages, summary);
        const json = JSON.stringify(dossier);
        const expected = { packages, flagged };
        const at = pick % packages.length;
        const entries = dossier.packages.flatMap((entry, index) => {
          if (index !== at) return [entry];
          if (kind === 'remove') return [];
          if (kind === 'double') return [entry, entry];
          if (kind === 'name') return [{ ...entry, name: `${entry.name}x` }];
          if (kind === 'version') return [{ ...entry, version: `${entry.version}0` }];
          return [{ ...entry, path: `${entry.path}x` }];
        });
        const changed = { ...dossier, packages: entries };
        expect(checkReport(markdown, JSON.stringify(changed), expected).complete).to.equal(false);
        expect(checkReport(toMarkdown(changed, material), json, expected).complete).to.equal(false);
      }),
      { numRuns: 60 },
    );
  });

  it('says in which unit a size is', async () => {
    const { markdown } = await build(many(6), 'It does things.');
    const sizes = markdown.split('\n').filter((line) => /^\| size|bytes/i.test(line));
    expect(sizes).to.have.length(1);
    expect(sizes[0]).to.match(/^\| Size on disk \| [\d.]+ [kMG]?B \([\d,]+ bytes\) \|$/);
  });

  it('refuses wrong totals, and a flagged licence without its review', async () => {
    await fc.assert(
      fc.asyncProperty(packagesOf, fc.constantFrom('packages', 'bytes', 'files'), async (packages, key) => {
        const { material, dossier, markdown, flagged } = await build(packages, 'x');
        const json = JSON.stringify(dossier);
        const expected = { packages, flagged };
        const wrong = { ...dossier, totals: { ...dossier.totals, [key]: dossier.totals[key] + 1 } };
        expect(checkReport(markdown, JSON.stringify(wrong), expected).complete).to.equal(false);
        expect(checkReport(toMarkdown(wrong, material), json, expected).complete).to.equal(false);
        if (flagged.length === 0) return;
        const unreviewed = { ...dossier, review: dossier.review.slice(1) };
        expect(checkReport(markdown, JSON.stringify(unreviewed), expected).complete).to.equal(false);
        expect(checkReport(toMarkdown(unreviewed, material), json, expected).complete).to.equal(false);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a report from whose text any line of an entry was cut', async () => {
    const packages = many(6);
    const { dossier, markdown, flagged } = await build(packages, 'It does things.');
    const lines = markdown.split('\n');
    const start = lines.indexOf('## Packages');
    for (const [at, line] of lines.entries()) {
      if (at <= start || !(line.startsWith('### ') || line.startsWith('`node_modules'))) continue;
      const cut = lines.filter((_, index) => index !== at).join('\n');
      expect(checkReport(cut, JSON.stringify(dossier), { packages, flagged }).complete, line).to.equal(false);
    }
  });
});
