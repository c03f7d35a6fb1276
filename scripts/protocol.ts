// Writes the documents of docs/protocol, or says which of them are not what the code says: `npm run protocol [-- --check]`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { documents } from './protocol/documents.ts';

const fileOf = (name: string): string => fileURLToPath(new URL(`../docs/protocol/${name}`, import.meta.url));

const stale = Object.entries(documents()).filter(([name, text]) => {
  try {
    return readFileSync(fileOf(name), 'utf8') !== text;
  } catch {
    return true;
  }
});

if (process.argv.includes('--check')) {
  for (const [name] of stale)
    process.stderr.write(`docs/protocol/${name} is not what the code says: npm run protocol\n`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [name, text] of stale) {
    writeFileSync(fileOf(name), text);
    process.stdout.write(`docs/protocol/${name}\n`);
  }
}
