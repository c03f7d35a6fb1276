import { defineConfig, type MarkdownOptions } from 'vitepress';
import { navBar, sidebar } from './navigation.ts';

type MarkdownConfig = NonNullable<MarkdownOptions['config']>;

/** The anchor that GitHub gives to a heading, so that a link holds in both. */
const slugOnGithub = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

const ANCHOR = /<a (?:id|name)="[\w-]+"><\/a>/y;

/** The one tag that pages have: an anchor that is set by hand. */
const withAnchors: MarkdownConfig = (md) => {
  md.inline.ruler.before('autolink', 'anchor', (state, silent) => {
    ANCHOR.lastIndex = state.pos;
    const [tag] = ANCHOR.exec(state.src) ?? [];
    if (tag === undefined) return false;
    if (!silent) state.push('html_inline', '', 0).content = tag;
    state.pos += tag.length;
    return true;
  });
};

/** VitePress compiles what Markdown renders to as a template of Vue, in which two braces begin an expression, in code, too. */
const withoutExpressions: MarkdownConfig = (md) => {
  const render = md.renderer.render.bind(md.renderer);
  md.renderer.render = (...given) => render(...given).replaceAll('{{', '&#123;&#123;');
};

export default defineConfig({
  title: 'Reprise',
  description: 'Event-sourced, plugin-based orchestrator for AI agents',
  lang: 'en',
  // Any web server, and none that knows of this site, serves it.
  cleanUrls: false,
  // Sources are no pages of VitePress; the test of the built site looks for them, and for every anchor.
  ignoreDeadLinks: [/\/source\//],
  markdown: {
    anchor: { slugify: slugOnGithub },
    languageAlias: { ndjson: 'json' },
    // Pages are text: no other tag, and nothing in braces, is a component or an expression.
    html: false,
    config: (md) => {
      withAnchors(md);
      withoutExpressions(md);
    },
  },
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  // The search index is one file, loaded when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    nav: navBar(),
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'Released under the Apache License 2.0.' },
  },
});
