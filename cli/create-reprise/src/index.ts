import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Runs `reprise create` with these arguments, in this process, which it ends. */
export async function createReprise(argv: readonly string[]): Promise<void> {
  const [node = process.execPath] = process.argv;
  const program = commandLine();
  process.argv = [node, program, 'create', ...argv];
  // The new project is none of the project that the current folder may belong to.
  process.env.REPRISE_NO_HANDOVER = '1';
  await import(pathToFileURL(program).href);
}

/** The program of the package @reprise/cli that this one came with. */
function commandLine(): string {
  const manifest = findPackageJSON('@reprise/cli', import.meta.url);
  if (manifest === undefined) throw new Error('The package @reprise/cli is not installed beside create-reprise.');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly bin: { readonly reprise: string } };
  return join(dirname(manifest), bin.reprise);
}
