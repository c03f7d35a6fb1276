import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What core's fold imports and a page has in another form, or not at all. */
const inBrowser = (): Plugin => ({
  name: 'reprise-browser',
  enforce: 'pre',
  resolveId(id, from = '') {
    if (id === 'node:crypto') return here('browser/node-crypto.ts');
    return /\/cel\/program\.ts$/.test(id) && from.includes('/core/src/') ? here('browser/no-cel.ts') : undefined;
  },
});

export default defineConfig({
  root: here('.'),
  publicDir: here('public'),
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
  build: {
    outDir: here('../page'),
    emptyOutDir: true,
    target: 'es2022',
    // Everything is a file of this server: the page may load nothing else.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // Core as it is in this repository, whether it was built or not.
  resolve: { conditions: ['reprise-source', ...defaultClientConditions] },
  worker: {
    format: 'es',
    plugins: () => [inBrowser()],
    rolldownOptions: { treeshake: { moduleSideEffects: false } },
  },
});
