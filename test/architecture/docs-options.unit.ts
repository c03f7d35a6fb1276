import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cel, type WorkflowBuilder, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { declarationOf } from './support/declarations.ts';
import { ROOT } from './support/tools.ts';

// docs/reference/typescript.md says in a table which task takes which option. It is compared with the types of the builder's methods, and each
// option that it grants is built.

const BUILDER = 'core/src/definition/builder';
const FILES = ['options', 'entered-options', 'block-options'].map((name) => `${BUILDER}/${name}.ts`);
const METHODS = [
  'task',
  'fallbackTask',
  'workflow',
  'scope',
  'wait',
  'sleep',
  'set',
  'send',
  'switch',
  'cancel',
  'end',
  'raise',
] as const;
type Method = (typeof METHODS)[number];

const OPTION_TYPE = /\b([A-Z]\w+(?:Options|Option))\b/g;

/** The options of an interface, and of those that it extends. */
function optionsIn(type: string): readonly string[] {
  const isThere = (file: string) =>
    new RegExp(`^export interface ${type}\\b`, 'm').test(readFileSync(join(ROOT, file), 'utf8'));
  const file = FILES.find(isThere);
  if (file === undefined) return [];
  const text = declarationOf(file, type);
  const [head = ''] = text.split('{\n');
  const bases = [...head.matchAll(OPTION_TYPE)].map(([, base = '']) => base).filter((base) => base !== type);
  return [...[...text.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = '']) => name), ...bases.flatMap(optionsIn)];
}

/** What the type of the last parameter of a method is made of, but for the builder's own bookkeeping. */
function optionsOf(method: Method): ReadonlySet<string> {
  const builder = declarationOf(`${BUILDER}/workflow-builder.ts`, 'WorkflowBuilder');
  const from = builder.slice(builder.search(new RegExp(`^ {2}${method}<`, 'm')));
  const text = from.slice(from.search(/^ {4}options\?: /m)).split(/^ {2}\): /m)[0] ?? '';
  const named = [...text.matchAll(OPTION_TYPE)].flatMap(([, type = '']) => optionsIn(type));
  const own = [...text.matchAll(/\{\s*readonly (\w+)\?:/g)].map(([, name = '']) => name);
  return new Set([...named, ...own]);
}

/** A value of each option, with what has to stand beside it. */
const VALUES: Readonly<Record<string, object>> = {
  description: { description: 'text' },
  after: { after: 'first' },
  case: { after: 'route', case: 'here' },
  join: { after: ['first', 'second'], join: 1 },
  rest: { after: ['first', 'second'], join: 'any', rest: 'cancel' },
  when: { when: () => true },
  while: { while: cel('true') },
  priority: { priority: 1 },
  mutex: { mutex: 'key' },
  input: { input: () => 1 },
  fallback: { fallback: { value: 1 } },
  timeout: { timeout: '1m' },
  forEach: { forEach: () => [1] },
  onItemFailure: { forEach: () => [1], onItemFailure: 'continue' },
  repeat: { repeat: { until: () => true, max: 2 } },
  concurrency: { forEach: () => [1], concurrency: 2 },
  retry: { retry: 2 },
  may: { may: ['spawn'] },
  maxUsage: { maxUsage: { tokens: 100 } },
  compensate: { compensate: 'undo' },
  delivery: { delivery: 'at-most-once' },
  output: { output: () => 1 },
  catch: { catch: [{ then: 'fail' }] },
  loop: { loop: { until: () => true, max: 2 } },
  budget: { budget: { attempts: 1 } },
  strategy: { strategy: 'sequential' },
};

const SUBJECTS: Readonly<Record<Method, unknown>> = {
  task: 'agent',
  fallbackTask: 'agent',
  workflow: 'child',
  scope: (block: AnyBuilder) => block.task('inside', 'agent'),
  wait: { signal: 'word' },
  sleep: '1s',
  set: 1,
  send: { to: 'first' },
  switch: [{ when: () => true, then: 'any' }],
  cancel: 'later',
  end: null,
  raise: { code: 'MINE' },
};

/** A builder whose types are not asked. */
type AnyBuilder = Readonly<Record<Method, (id: string, subject: unknown, options?: object) => AnyBuilder>> &
  Pick<WorkflowBuilder<unknown, never, never, never, never, never, never>, 'build'>;

function build(method: Method, options: object): void {
  const before = (workflow('w') as unknown as AnyBuilder)
    .task('first', 'agent')
    .task('second', 'agent')
    .switch('route', [{ when: () => true, then: 'here' }, { else: 'there' }]);
  // What a signal brings is its output: an input is that of a form.
  const subject = method === 'wait' && 'input' in options ? { form: 'approval' } : SUBJECTS[method];
  const builder = before[method]('it', subject, options);
  const whole = method === 'fallbackTask' ? builder.task('user', 'agent', { fallback: { task: 'it' } }) : builder;
  // Something that a cancel may name.
  whole.task('later', 'agent').build();
}

describe('the table of which task takes which option', () => {
  const page = readFileSync(join(ROOT, 'docs/reference/typescript.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` ((?:\| (?:yes )?){12})\|$/gm)];
  const granted = (method: Method): readonly string[] => {
    const has = (cells: string) => cells.split('|')[METHODS.indexOf(method) + 1]?.trim() === 'yes';
    return rows.flatMap(([, option = '', cells = '']) => (has(cells) ? option : []));
  };

  it('has every option once', () => {
    expect(rows.map(([, option]) => option)).to.have.members(Object.keys(VALUES));
    expect(page).to.contain(`| option | ${METHODS.join(' | ')} |`);
  });

  for (const method of METHODS) {
    it(`is as the type of ${method}() has it`, () => {
      expect(optionsOf(method).size).to.be.above(4);
      expect(granted(method)).to.have.members([...optionsOf(method)]);
    });

    it(`is what build() takes of ${method}()`, () => {
      for (const option of granted(method))
        expect(() => build(method, VALUES[option] ?? {}), `${method} with ${option}`).to.not.throw();
    });
  }

  it('is told where build() refuses', () => {
    expect(() => build('end', { fallback: { value: 1 } })).to.throw('nothing can stand in');
    expect(() => build('set', { retry: 2 })).to.throw('no attempts');
  });
});
