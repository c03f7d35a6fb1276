import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  hashDefinition,
  isRepriseError,
  type Json,
  loadDefinition,
  parseWorkflow,
  template,
  validateDefinition,
  type WorkflowDefinition,
  workflow,
  workflowToYaml,
} from '../../src/index.ts';
import { definitions } from './support/definitions.ts';

const reading = (data: Json): WorkflowDefinition => loadDefinition(data).definition;

describe('workflowToYaml and parseWorkflow', () => {
  it('any definition without functions is read back to itself, or is told why it is not written', () => {
    let written = 0;
    fc.assert(
      fc.property(definitions, (definition) => {
        if (validateDefinition(definition).length > 0) return;
        let yaml: string;
        try {
          yaml = workflowToYaml(definition);
        } catch (error) {
          // A whole input or output that looks like a path is all that text cannot say.
          if (isRepriseError(error, 'REPRISE_DEFINITION_INVALID') && /is the text "/.test(error.message)) return;
          throw error;
        }
        written += 1;
        const read = parseWorkflow(yaml);
        expect(read.definition.tasks.map(({ id }) => id)).to.deep.equal(definition.tasks.map(({ id }) => id));
        expect(normalised(read.definition)).to.deep.equal(normalised(definition));
      }),
      { numRuns: 300 },
    );
    expect(written).to.be.above(100);
  });

  /** Spaces around CEL in a template say nothing. */
  function normalised(definition: WorkflowDefinition): unknown {
    const trimmed = (_key: string, value: unknown): unknown =>
      typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'cel'
        ? { ...value, source: String((value as { source?: unknown }).source).trim() }
        : value;
    return JSON.parse(JSON.stringify(definition, trimmed));
  }

  it('texts of space and line breaks among them', () => {
    for (const description of [
      ' \n',
      '\n',
      `\r\n \n${'word '.repeat(9)}`,
      'a \n \nb',
      '\ta\n',
      'a\rb',
      '\u2028\n',
      'a\n\n',
    ]) {
      const definition = reading({ name: 'x', tasks: { a: { agent: 'q', description, input: [description] } } });
      expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
    }
  });

  it('writes nothing that reads back as another definition', () => {
    const first = reading({ name: 'x', tasks: { a: { agent: 'q', retry: { initialDelay: '2m' } } } });
    const old = {
      ...first,
      tasks: first.tasks.map((one) => ({ ...one, retry: { ...one.retry, maxDelayMs: 60_000 } })),
    };
    expect(() => workflowToYaml(old)).to.throw(
      /tasks\.a\.retry\.maxDelay: is 60000ms, shorter than the initialDelay of 120000ms/,
    );
    expect(workflowToYaml(first)).to.not.include('maxDelay');
    const literal = workflow('x')
      .task('a', 'q', { input: template('input.x') })
      .build().definition;
    expect(() => workflowToYaml(literal)).to.throw(
      /Workflow 'x', written as YAML, has a problem:\n {2}tasks\.a\.input: is the text "input\.x"/,
    );
    const odd: WorkflowDefinition = {
      ...first,
      tasks: first.tasks.map((one) => ({ ...one, input: { kind: 'cel', source: `"}" + "\${"` } })),
    };
    expect(parseWorkflow(workflowToYaml(odd)).definition).to.deep.equal(odd);
    const both: WorkflowDefinition = { ...first, tasks: first.tasks.map((one) => ({ ...one, extra: 1 })) };
    expect(() => workflowToYaml(both)).to.throw(
      /tasks\.a: has no text form: what can be written would be read back as something else/,
    );
  });

  it('writes nothing that is too deep or too large, and says where', () => {
    const nested = (levels: number): Json => (levels === 0 ? 'x' : [nested(levels - 1)]);
    const of = (input: Json): WorkflowDefinition =>
      workflow('x')
        .task('a', 'q', { input: template(input) })
        .build().definition;
    const deepest = of(nested(47));
    expect(hashDefinition(parseWorkflow(workflowToYaml(deepest)).definition)).to.equal(hashDefinition(deepest));
    for (const levels of [48, 60, 100])
      expect(() => workflowToYaml(of(nested(levels)))).to.throw(
        /tasks\.a\.input\[0\].*: is nested deeper than 50 levels/,
      );
    const large = of('x'.repeat(1000));
    expect(() => workflowToYaml(large, { maxBytes: 500 })).to.throw(/it has \d+ bytes, more than the limit of 500/);
    expect(() => parseWorkflow(workflowToYaml(large), { maxBytes: 500 })).to.throw(/more than the limit of 500/);
    const huge = of(`${'[{ line\n'.repeat(500_000)}`);
    expect(hashDefinition(parseWorkflow(workflowToYaml(huge)).definition)).to.equal(hashDefinition(huge));
    expect(() => workflowToYaml(of(JSON.parse('{"__proto__": 1}') as Json))).to.throw(/"__proto__" is refused/);
  });

  it('reads texts that only look deep', () => {
    const { definition } = parseWorkflow(
      [
        `name: x # ${'['.repeat(1000)}`,
        'tasks:',
        '  a:',
        '    agent: q',
        `    description: ${'- '.repeat(1000)}x`,
        `    input: [ "${'{'.repeat(1000)}", '${'['.repeat(1000)}' ]`,
        '    fallback:',
        '      value: |-',
        `        ${'- ? [ '.repeat(1000)}y`,
      ]
        .join('\n')
        .replace(/description: [- ]+x/, 'description: >-\n      $&'),
    );
    expect(definition.tasks[0]?.description).to.have.length('description: '.length + 2001);
  });

  it('the examples of the reference page are read back to themselves', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/workflow-format.md'), 'utf8');
    const examples = [...page.matchAll(/```yaml\n(name: [\s\S]*?)```/g)].map(([, yaml = '']) => parseWorkflow(yaml));
    expect(examples.length).to.be.above(1);
    for (const { definition } of examples)
      expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
  });
});

describe('the order of tasks', () => {
  const inOrder = ['20', '3', 'b', '007', '1', 'a'];
  const of = (definition: WorkflowDefinition): readonly string[] => definition.tasks.map(({ id }) => id);

  it('is that of the text, in YAML and JSON', () => {
    const block = `name: x\ntasks:\n${inOrder.map((id) => `  ${id}: { agent: q }\n`).join('')}`;
    const flow = `{ name: x, tasks: { ${inOrder.map((id) => `${id}: { agent: q }`).join(', ')} } }`;
    const asJson = `{"tasks": {${inOrder.map((id) => `"${id}": {"agent": "q"}`).join(', ')}}, "name": "x"}`;
    for (const yaml of [block, flow, asJson]) {
      const { definition } = parseWorkflow(yaml);
      expect(of(definition)).to.deep.equal(inOrder);
      expect(of(parseWorkflow(workflowToYaml(definition)).definition)).to.deep.equal(inOrder);
    }
  });

  it('is that of the builder; a plain object cannot keep it', () => {
    const built = workflow('x').task('20', 'q').task('3', 'q').task('b', 'q').build();
    expect(of(built.definition)).to.deep.equal(['20', '3', 'b']);
    expect(parseWorkflow('name: x\ntasks: { 20: { agent: q }, 3: { agent: q }, b: { agent: q } }').hash).to.equal(
      built.hash,
    );
    const agent = { agent: 'q' };
    expect(of(loadDefinition({ name: 'x', tasks: { b: agent, '20': agent, '3': agent } }).definition)).to.deep.equal([
      '3',
      '20',
      'b',
    ]);
  });

  it('problems stand at the task that has them', () => {
    try {
      parseWorkflow('name: x\ntasks:\n  20: { agent: q }\n  3: { agent: q, after: [nope] }\n');
      expect.fail('it was accepted');
    } catch (error) {
      if (!isRepriseError(error)) throw error;
      expect(error.details['problems']).to.deep.equal([
        { path: 'tasks.3.after[0]', message: "there is no task 'nope'", line: 4, column: 26 },
      ]);
    }
  });
});
