import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Browser } from 'playwright-core';
import { navigationProblems } from '../../docs/site/navigation.ts';
import { siteProblems } from '../../scripts/docs/check-site.ts';
import { withDiagrams } from '../../scripts/docs/diagrams.ts';
import { imagePath, rewriteLinks } from '../../scripts/docs/links.ts';
import { sitePages } from '../../scripts/docs/pages.ts';
import { launch } from '../browser/chromium.ts';
import { scratchRepository } from './support/scratch-repository.ts';
import { siteHandler } from './support/site-handler.ts';
import { ROOT, script } from './support/tools.ts';

describe('the navigation of the documentation', () => {
  it('has a place for every page', () => {
    expect(navigationProblems(sitePages().map(({ source }) => source))).to.deep.equal([]);
  });

  it('says which page has none, and which place has no page', () => {
    const sections = [{ title: 'Start', pages: { 'docs/a.md': 'A', 'docs/gone.md': 'Gone' } }];
    expect(navigationProblems(['docs/a.md', 'docs/new.md', 'docs/adr/0001-a.md'], sections)).to.deep.equal([
      'docs/new.md has no place in the navigation: give it one in docs/site/navigation.ts.',
      'The navigation leads to docs/gone.md, which is not there.',
    ]);
  });
});

describe('links of a page on the site', () => {
  const sources: string[] = [];
  const images: string[] = [];
  const targets = {
    pageOf: (path: string) => ({ 'docs/b.md': 'b.md', 'docs/x/README.md': 'x/index.md' })[path],
    onSource: (path: string) => sources.push(path),
    onImage: (path: string) => images.push(path),
  };
  const rewrite = (text: string): string => rewriteLinks(text, 'docs/x/a.md', 'x/a.md', targets);

  it('lead to pages, to sources as text, and to copies of images', () => {
    expect(rewrite('[b](../b.md#c) and [x](./) and [code](../../core/src/a.ts)')).to.equal(
      '[b](./../b.md#c) and [x](./index.md) and [code](/source/core/src/a.ts.html){target="_self"}',
    );
    expect(rewrite('![p](p.png "P")')).to.equal(`![p](${imagePath('docs/x/p.png')} "P")`);
    expect(sources).to.deep.equal(['core/src/a.ts']);
    expect(images).to.deep.equal(['docs/x/p.png']);
  });

  it('are left alone in code, and when they lead elsewhere', () => {
    const text = '`[b](../b.md)` [c](#c) [d](https://example.org)\n```md\n[b](../b.md)\n```';
    expect(rewrite(text)).to.equal(text);
    expect(rewrite('[`b`](../b.md)')).to.equal('[`b`](./../b.md)');
  });
});

describe('diagrams of a page on the site', () => {
  const text = 'A\n\n```mermaid\nflowchart LR\n  a["one"] --> b["two"]\n```\n\nB\n';

  it('are images for light and dark, which load nothing, with their text below', () => {
    const images = new Map<string, string>();
    const page = withDiagrams(text, (path, svg) => images.set(path, svg));
    expect([...images.keys()].map((path) => path.replace(/.*-/, ''))).to.deep.equal(['light.svg', 'dark.svg']);
    for (const [path, svg] of images) {
      expect(page).to.contain(`](${path})`);
      expect(svg).to.match(/^<svg [\s\S]*>one<[\s\S]*>two</);
      expect(svg).to.not.contain('@import');
    }
    expect(page).to.match(/^A\n[\s\S]*::: details[\s\S]*flowchart LR[\s\S]*:::\n\nB\n$/);
  });

  it('that cannot be drawn are told', () => {
    const draw = () => withDiagrams('```mermaid\nnonsense\n```\n', () => undefined);
    expect(draw).to.throw('This diagram cannot be drawn:\nnonsense');
  });
});

describe('a built site', () => {
  it('is refused when a link, an anchor or a file leads nowhere, or something comes from another host', () => {
    const site = scratchRepository({
      'index.html':
        '<h1 id="top">A</h1><a href="/a.html#there">a</a><a href="/a.html#absent">b</a><a href="absent.html">c</a><img src="/no.png"><script src="https://example.org/a.js"></script><a href="https://example.org">d</a>',
      'a.html': '<h2 id="there">A</h2><a href="./">up</a>',
      'assets/a.css': '@font-face{src:url(https://example.org/a.woff2)}',
    });
    try {
      expect(siteProblems(site.folder)).to.deep.equal([
        'index.html loads /no.png, which is not there',
        'index.html loads https://example.org/a.js, of another host',
        'index.html links to /a.html#absent: no such heading',
        'index.html links to absent.html, which is not there',
        'assets/a.css loads url(https://example.org/a.woff2), of another host',
      ]);
    } finally {
      site.remove();
    }
  });
});

describe('the documentation as a site', function () {
  this.timeout(240_000);
  let folder = '';
  let server: Server | undefined;
  let browser: Browser | undefined;
  let origin = '';

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-site-'));
    // A process of its own: what a bundler holds is given back, and the conditions of the tests are none of its.
    const { code, stdout, stderr } = await script('scripts/docs.ts', ['--base', '/manual/', '--out', folder]);
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    server = createServer(siteHandler(folder, '/manual/'));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    rmSync(folder, { recursive: true, force: true });
  });

  it('has every page, and nothing on it leads nowhere or is loaded from elsewhere', () => {
    const missing = sitePages().filter(({ site }) => !existsSync(join(folder, site.replace(/\.md$/, '.html'))));
    expect(missing).to.deep.equal([]);
    expect(siteProblems(folder, '/manual/')).to.deep.equal([]);
  });

  it('is read in light and dark and on a phone, asks no other host, and finds what is searched', async function () {
    if (browser === undefined) return this.skip();
    const grounds: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width: 400, height: 800 } });
      const page = await context.newPage();
      const hosts = new Set<string>();
      const errors: string[] = [];
      page.on('request', (request) => hosts.add(new URL(request.url()).origin));
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('response', (response) => {
        if (response.status() >= 400) errors.push(`${response.status()} ${response.url()}`);
      });
      for (const path of ['', 'getting-started.html', 'reference/typescript.html', 'api/core-definition.html']) {
        await page.goto(`${origin}/manual/${path}`);
        const past = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
        expect(past, `${path} is wider than a phone`).to.be.at.most(0);
      }
      grounds.push(String(await page.evaluate('getComputedStyle(document.body).backgroundColor')));
      await page.keyboard.press('Control+k');
      await page.locator('#localsearch-input').fill('at-most-once');
      await page.locator('.result').first().waitFor();
      await page
        .locator('.result', { hasText: /at.most.once/i })
        .first()
        .click();
      await page.locator('h1').first().waitFor();
      expect([...hosts]).to.deep.equal([origin]);
      expect(errors).to.deep.equal([]);
      await context.close();
    }
    expect(grounds[0]).to.not.equal(grounds[1]);
  });

  it('leaves a folder alone that is no site', async () => {
    const { code, stderr } = await script('scripts/docs.ts', ['--out', 'docs']);
    expect(code).to.equal(2);
    expect(stderr).to.contain('would be emptied');
    expect(existsSync(join(ROOT, 'docs', 'README.md'))).to.equal(true);
  });

  it('refuses a base that is none', async () => {
    const { code, stderr } = await script('scripts/docs.ts', ['--base', 'manual']);
    expect(code).to.equal(2);
    expect(stderr).to.contain('begins and ends with a slash');
  });
});
