import { workflowToYaml } from '@reprise/core';
import { seededRandom } from '@reprise/core/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { hasEnded } from '../../../src/orchestration/workflow/state.ts';
import { Composer } from './compositions/composer.ts';
import { endFlaws, importFlaws, rulesKept, thrownBy, watcher } from './pairs/checks.ts';
import { type Deed, type Script, World } from './pairs/world.ts';

// Words by the dozen: what the pairs play two by two, in blocks in blocks, with agents that fail, people who interfere and processes that restart.

function scriptOf(dice: () => number): Script {
  const failing = 0.4 * dice();
  const deeds = new Map<string, Deed>();
  return {
    name: 'random',
    signals: dice() < 0.5,
    deaf: dice() < 0.3,
    deed: ({ agent, nth }) => {
      const key = `${agent} ${nth}`;
      const known = deeds.get(key);
      if (known !== undefined) return known;
      const roll = dice();
      const deed = roll > failing ? 'complete' : roll > failing / 4 ? 'fail' : 'lose';
      deeds.set(key, deed);
      return deed;
    },
  };
}

/** Somebody outside does something to the run: whatever it is, it is taken or refused. */
function interfere(world: World, dice: () => number): void {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(dice() * from.length)];
  const all = [...world.state.tasks.values()];
  const open = pick(all.filter((task) => !hasEnded(task)))?.id ?? 'nobody';
  const begun = pick(all.filter(({ status }) => status !== 'pending'))?.id ?? 'nobody';
  const again = all.map(({ id }) => id);
  const roll = dice();
  if (roll < 0.4) world.send({ type: 'RestartTask', taskId: begun, ...(dice() < 0.7 && { again }) });
  else if (roll < 0.6) world.send({ type: 'SkipTask', taskId: open });
  else if (roll < 0.8) world.send({ type: 'OverrideTask', taskId: open, output: 'said' });
  else if (roll < 0.9) world.send({ type: 'AddItems', taskId: open, items: [5] });
  else world.send({ type: 'CancelRun', reason: 'enough' });
}

function play(seed: number): { readonly world: World; readonly flaws: readonly string[] } | undefined {
  const dice = seededRandom(seed);
  const workflow = new Composer(dice).workflow();
  if (workflow === undefined) return undefined;
  let world = new World(workflow.definition, scriptOf(dice)).start();
  const thrown = thrownBy(() => {
    for (let steps = Math.floor(dice() * 30); steps > 0 && world.step(); steps -= 1) {
      watcher(world)();
      if (dice() < 0.1 && !world.over) interfere(world, dice);
      if (dice() < 0.1) world = world.restarted(dice() < 0.5 ? 'snapshot' : 'history');
    }
    world.run(watcher(world));
  });
  // What is undone the pairs look at: here somebody says what was done, and handlers do what can be undone.
  return { world, flaws: [...thrown, ...endFlaws(world), ...rulesKept(world), ...importFlaws(world)] };
}

describe('words by the dozen', () => {
  it('are a run that ends by every rule, is explained, restored, replayed and imported, or are refused', () => {
    let played = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (seed) => {
        const told = play(seed);
        if (told === undefined) return;
        played += 1;
        const { world, flaws } = told;
        expect(flaws.slice(0, 5), `seed ${seed}\n${workflowToYaml(world.definition)}`).to.deep.equal([]);
      }),
      { numRuns: 400, endOnFailure: true },
    );
    expect(played, 'of 400').to.be.greaterThan(300);
  });
});
