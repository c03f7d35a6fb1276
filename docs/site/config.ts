import { defineConfig } from 'vitepress';
import { navBar, sidebar } from './navigation.ts';

/** The anchor that GitHub gives to a heading, so that a link holds in both. */
const slugOnGithub = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

export default defineConfig({
  title: 'Reprise',
  description: 'Event-sourced, plugin-based orchestrator for AI agents',
  lang: 'en',
  // Any web server, and none that knows of this site, serves it.
  cleanUrls: false,
  // Sources are no pages of VitePress; the test of the built site looks for them, and for every anchor.
  ignoreDeadLinks: [/\/source\//],
  markdown: { anchor: { slugify: slugOnGithub }, languageAlias: { ndjson: 'json' } },
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
