import { readFileSync } from 'node:fs';
import { parseText, parseWorkflow, type Workflow, WorkflowBuilder } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { SCOPE_VARIABLES } from '../../../src/definition/cel/environment.ts';
import { PureRun } from '../pure-run.ts';
import { PLAYED } from './guide/plays.ts';
import { vocabulary, wordsIn } from './guide/vocabulary.ts';

// The examples of docs/task-chaining.md: each in TypeScript and in YAML is the same workflow, some do what the page says of them, and no word of the language is missing.

const PAGE = readFileSync(new URL('../../../../docs/task-chaining.md', import.meta.url), 'utf8');

const blocksIn = (language: string): readonly string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\`$`, 'gm'))].map(([, text = '']) => text);

const pairs = [...PAGE.matchAll(/^```ts\n((?:(?!^```)[\s\S])*?)\n```\n\n```yaml\n([\s\S]*?)\n```$/gm)].map(
  ([, ts = '', yaml = '']) => ({ name: /^name: ([\w-]+)$/m.exec(yaml)?.[1] ?? '', ts, yaml }),
);

/** What the only export of a module is. The examples that have a pair have no types, so they are JavaScript, too. */
async function exported(ts: string): Promise<Workflow> {
  const text = ts.replace("from '@reprise/core'", `from '${import.meta.resolve('@reprise/core')}'`);
  const [workflow, ...others] = Object.values(
    (await import(`data:text/javascript,${encodeURIComponent(text)}`)) as Record<string, Workflow>,
  );
  if (workflow === undefined || others.length > 0) throw new Error(`not one export: ${ts}`);
  return workflow;
}

describe('the guide to chaining', () => {
  it('has every example in both forms, and short', () => {
    expect(pairs).to.have.length.above(40);
    expect(pairs.map(({ yaml }) => yaml)).to.deep.equal(blocksIn('yaml'));
    expect(new Set(pairs.map(({ name }) => name)).size).to.equal(pairs.length);
    for (const text of [...blocksIn('ts'), ...blocksIn('yaml')])
      expect(text.split('\n'), text).to.have.length.at.most(17);
  });

  for (const { name, ts, yaml } of pairs)
    it(`says the same in TypeScript and in YAML: ${name}`, async () => {
      expect((await exported(ts)).definition).to.deep.equal(parseWorkflow(yaml).definition);
    });

  for (const [name, [input, play]] of Object.entries(PLAYED))
    it(`does what it says: ${name}`, () => {
      const yaml = pairs.find((pair) => pair.name === name)?.yaml ?? '';
      play(new PureRun(parseWorkflow(yaml) as Workflow, input));
    });

  it('has an example of every word', () => {
    const known = vocabulary();
    expect([...known]).to.include.members([
      'strategy, of the workflow',
      'cause, on',
      'until, sleep',
      'onExhausted: accept',
      'may: link',
    ]);
    const shown = new Set(pairs.flatMap(({ yaml }) => [...wordsIn(parseText(yaml, 'page').value)]));
    // What messages may do is a list of its own.
    for (const [, performative] of PAGE.match(/^`performative` is .*$/m)?.[0].matchAll(/`([\w-]+)`/g) ?? [])
      shown.add(`performative: ${performative}`);
    expect([...known].filter((word) => !shown.has(word))).to.deep.equal([]);
  });

  it('has every method of the builder, and every name that an expression may read', () => {
    const code = blocksIn('ts').join('\n');
    const methods = Object.getOwnPropertyNames(WorkflowBuilder.prototype).filter(
      (name) => !['constructor', 'with'].includes(name),
    );
    expect(methods.filter((name) => !new RegExp(`\\.${name}[<(]`).test(code))).to.deep.equal([]);
    expect(SCOPE_VARIABLES.filter((name) => !new RegExp(`^\\| .*\`${name}\`.* \\|`, 'm').test(PAGE))).to.deep.equal([]);
  });
});
