import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeEvent } from '@reprise/core';
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { goldenNames, readGolden } from './golden/golden-file.ts';

const UI = new URL('../../plugins/monitor-dashboard/ui/', import.meta.url);
const ui = (path: string): string => JSON.stringify(new URL(path, UI).href);

/** Folds each golden history, event by event, and prints a hash of what can be seen of all of its states. */
const script = (file: string, asInPage: boolean): string => `
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
let replaced = 0;
if (${asInPage}) registerHooks({
  resolve(specifier, context, next) {
    const isCore = (context.parentURL ?? '').includes('/core/src/');
    const other = specifier === 'node:crypto' ? ${ui('browser/node-crypto.ts')} : specifier.endsWith('/cel/program.ts') ? ${ui('browser/no-cel.ts')} : undefined;
    if (!isCore || other === undefined) return next(specifier, context);
    replaced += 1;
    return next(other, context);
  },
});
const { RunFold } = await import('@reprise/core/fold');
const { shapeOf } = await import(${ui('pure/run-shape.ts')});
const folded = {};
for (const [name, events] of Object.entries(JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8')))) {
  const fold = RunFold.from();
  const hash = createHash('sha256');
  for (const event of events) {
    fold.fold(event);
    hash.update(JSON.stringify(shapeOf(fold.view)));
  }
  folded[name] = [fold.revision, hash.digest('hex')];
}
console.log(JSON.stringify({ folded, replaced }));
`;

interface Folded {
  readonly folded: Readonly<Record<string, readonly [number, string]>>;
  readonly replaced: number;
}

describe('the fold in the page of the dashboard', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'reprise-fold-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('comes to the same states as that of core, with its own hashes and without expressions', async () => {
    const file = join(folder, 'goldens.json');
    const histories = goldenNames().map((name) => [name, readGolden(name).events.map((event) => decodeEvent(event))]);
    writeFileSync(file, JSON.stringify(Object.fromEntries(histories)));
    const run = async (asInPage: boolean): Promise<Folded> => {
      const args = ['--conditions=reprise-source', '--input-type=module', '-e', script(file, asInPage)];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
      return JSON.parse(stdout) as Folded;
    };
    const core = await run(false);
    const page = await run(true);
    expect([core.replaced, page.replaced]).to.deep.equal([0, 2]);
    expect(Object.keys(core.folded)).to.deep.equal(goldenNames());
    expect(page.folded).to.deep.equal(core.folded);
  });
});
