// Records the golden histories that are not there yet: node --conditions=reprise-source test/simulation/record-golden.ts
// Never replaces one: what a build has written, every later build has to read (golden/README.md).

import { goldenNames } from './golden/golden-file.ts';
import { Stage, writeGolden } from './golden/recorder.ts';
import { SCENARIOS } from './golden/scenarios.ts';

const there = new Set(goldenNames());
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  if (there.has(name)) {
    process.stdout.write(`${name}: there already\n`);
    continue;
  }
  const stage = new Stage();
  const { header } = await writeGolden(stage, name, scenario.about, await scenario.play(stage));
  await stage.close();
  process.stdout.write(`${name}: ${header.events} events, ${header.expected.status}\n`);
}
