import { rmSync } from 'node:fs';
import { build, createServer } from 'vitepress';
import { siteProblems } from './check-site.ts';
import { stage } from './stage.ts';

/** Where `npm run docs` puts it; relative to the root of the repository. */
export const SITE_FOLDER = '.docs/site';

/** Builds the site into a folder, and refuses one with a link or an anchor that leads nowhere. `staging`, inside the repository, is for what it is built from, and is removed afterwards. */
export async function buildSite(staging: string, folder: string, base = '/'): Promise<void> {
  stage(staging);
  try {
    await build(staging, { outDir: folder, base });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  const problems = siteProblems(folder, base);
  if (problems.length > 0) throw new Error(`The site has ${problems.length} problems:\n${problems.join('\n')}`);
}

/** Serves the site on 127.0.0.1. What it gives writes the pages again: changed ones are shown at once. */
export async function serveSite(staging: string, port: number): Promise<() => void> {
  const { again } = stage(staging);
  const server = await createServer(staging, { host: '127.0.0.1', port, strictPort: true });
  await server.listen();
  server.printUrls();
  return again;
}
