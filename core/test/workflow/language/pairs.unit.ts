import {
  isRepriseError,
  type Json,
  loadDefinition,
  parseWorkflow,
  toMermaid,
  type Workflow,
  workflowToYaml,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { thrownBy } from './pairs/checks.ts';
import { pathsOf } from './pairs/paths.ts';
import { REFUSALS, refusalOf } from './pairs/refusals.ts';
import { nameOf, type Pair, pairsOf, type Shape } from './pairs/shapes.ts';
import { WORDS } from './pairs/words.ts';

// Every word with every other and with itself: on the same task, on a task and the block (or the run) around it, on a task and the one after it. Each pair is
// refused for the reason that is written down for it, or runs to its end whatever happens. When all goes well is played for each pair; of the other
// paths each pair takes some, another one than the pair before. REPRISE_PAIRS=all takes them all, for minutes.

const EVERYTHING = process.env['REPRISE_PAIRS'] === 'all';
const PATHS: Readonly<Record<Shape, number>> = {
  'same task': 4,
  'in a block': 1,
  'in the run': 2,
  'one after the other': 1,
};

let turn = 0;

/** Some of a list, spread over it, and others each time. */
function some<T>(list: readonly T[], count: number): readonly T[] {
  if (EVERYTHING || list.length <= count) return list;
  turn += 1;
  const stride = Math.floor(list.length / count);
  return Array.from({ length: count }, (_, index) => list[(turn + index * stride) % list.length] as T);
}

function read(pair: Pair): Workflow | string {
  try {
    return loadDefinition(pair.written as Json) as Workflow;
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) return error.message;
    throw error;
  }
}

/** The same definition from its text, and a picture of it. */
function textFlaws({ definition }: Workflow): readonly string[] {
  return thrownBy(() => {
    expect(parseWorkflow(workflowToYaml(definition)).definition, 'the text').to.deep.equal(definition);
    const picture = toMermaid(definition);
    for (const { id } of definition.tasks) expect(picture, 'the picture').to.include(id);
  });
}

function flawsOf(pair: Pair): readonly string[] {
  const expected = refusalOf(pair.shape, pair.first.name, pair.second.name);
  const workflow = read(pair);
  if (typeof workflow === 'string') {
    if (expected === undefined) return [`is refused: ${workflow}`];
    return workflow.includes(expected) ? [] : [`is refused otherwise: ${workflow}`];
  }
  if (expected !== undefined) return [`is not refused: ${expected}`];
  const { definition } = workflow;
  const [well, ...others] = pathsOf(definition);
  const paths = [...(well === undefined ? [] : [well]), ...some(others, PATHS[pair.shape])];
  const isWritten = pair.shape === 'same task' || EVERYTHING;
  return [
    ...(isWritten ? textFlaws(workflow) : []),
    ...paths.flatMap((path) => path.flaws().map((flaw) => `${path.name}: ${flaw}`)),
  ];
}

describe('every word with every other', () => {
  for (const word of WORDS) {
    it(`${word.name}`, function () {
      if (EVERYTHING) this.timeout(600_000);
      const flaws = [...pairsOf(word)].flatMap((pair) => flawsOf(pair).map((flaw) => `${nameOf(pair)}: ${flaw}`));
      expect(flaws.slice(0, 10).join('\n'), `${flaws.length} flaws`).to.equal('');
    });
  }

  it('is refused for no pair that there is not', () => {
    const names = new Set(['*', ...WORDS.map(({ name }) => name)]);
    for (const { of, with: others } of REFUSALS) for (const name of [...of, ...others]) expect(names).to.include(name);
  });
});
