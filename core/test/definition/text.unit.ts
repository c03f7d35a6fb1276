import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  isRepriseError,
  type Json,
  loadDefinition,
  parseWorkflow,
  type RepriseError,
  type WorkflowDefinition,
  workflow,
  workflowToYaml,
} from '../../src/index.ts';

function refusal(text: string): RepriseError {
  try {
    parseWorkflow(text, { file: 'x.yaml' });
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const lines = (text: string): readonly string[] =>
  refusal(text)
    .message.split('\n')
    .slice(1)
    .map((line) => line.trim());

describe('parseWorkflow', () => {
  it('reads the examples of the reference page', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/workflow-format.md'), 'utf8');
    const examples = [...page.matchAll(/```yaml\n(name: [\s\S]*?)```/g)].map(([, yaml = '']) => parseWorkflow(yaml));
    expect(examples.map(({ definition }) => definition.name)).to.deep.equal([
      'dossier',
      'purchase',
      'payment',
      'publish',
      'advice',
      'flight',
    ]);
    expect(examples[0]?.definition.tasks.map((task) => task.id)).to.deep.equal([
      'inventory',
      'inspect',
      'audit',
      'manual',
      'legal',
      'edit',
      'critic',
    ]);
  });

  it('reads JSON, and the same data without text', () => {
    const data = { name: 'x', tasks: { a: { agent: 'q', retry: 2, after: [] as string[] } } };
    const parsed = parseWorkflow(JSON.stringify(data));
    expect(parsed.definition.tasks[0]?.retry.maxAttempts).to.equal(2);
    expect(loadDefinition(data).hash).to.equal(parsed.hash);
  });

  it('is the same definition as the builder makes', () => {
    const text = 'name: x\ntasks:\n  a: { agent: q }\n  b: { agent: r, after: a, when: "outputs.a.ok", timeout: 5s }\n';
    const built = workflow('x')
      .task('a', 'q')
      .task('b', 'r', { after: 'a', when: { kind: 'cel', source: 'outputs.a.ok' }, timeout: '5s' })
      .build();
    expect(parseWorkflow(text).hash).to.equal(built.hash);
  });

  it('lists every problem with line, column and path', () => {
    const text = [
      'name: dossier',
      'versio: "1"',
      'tasks:',
      '  a: { agent: x, afte: b, retry: -1, timeout: 5 minutes }',
      '  b: { agent: x, after: [c, nope] }',
      '  c: { agent: x, after: b }',
      '  d: { after: c, when: "outputs.b.x > && 3", input: outputs.b }',
      '  e: { agent: 5, capability: y, fallback: {}, forEach: item.x }',
    ];
    expect(lines(text.join('\n'))).to.have.members([
      `2:1 versio: is not known here; did you mean 'version'?`,
      `4:18 tasks.a.afte: is not known here; did you mean 'after'?`,
      `4:38 tasks.a.timeout: "5 minutes" is not a duration; write milliseconds or text such as "250ms", "30s", "1h30m"`,
      `4:27 tasks.a.retry.maxAttempts: must be a whole number of 1 or more, not -1`,
      `5:29 tasks.b.after[1]: there is no task 'nope'`,
      `5:18 tasks.b.after: there is a cycle: b -> c -> b; remove one of its edges`,
      `7:3 tasks.d: can never run: it comes after 'c', which is in a cycle`,
      `7:3 tasks.d.agent: is missing: name an agent, or a capability, or another performer (workflow, scope, wait, sleep, set, send, switch, cancel, end, raise)`,
      `7:18 tasks.d.when: CEL expression outputs.b.x > && 3: Unexpected token: AND.`,
      `7:46 tasks.d.input: is the text "outputs.b"; for its value write "\${ outputs.b }"`,
      `8:8 tasks.e.agent: must be text, not 5; put it in quotes: "5"`,
      `8:33 tasks.e.fallback: must have exactly one of agent, task and value`,
      `8:47 tasks.e.forEach.items: 'item' is not available here: it is of a forEach, in the input of its task or inside its scope`,
    ]);
  });

  it('gives the problems to programs too', () => {
    expect(refusal('name: x\ntasks:\n  a: { agent: q, after: b }\n').details['problems']).to.deep.equal([
      { path: 'tasks.a.after[0]', message: "there is no task 'b'", line: 3, column: 18 },
    ]);
  });

  const refused: readonly [string, string, RegExp][] = [
    ['an anchor and an alias', 'name: &n x\ntasks: { a: { agent: *n } }', /anchor &n is refused/],
    ['a merge key', 'name: x\ntasks: { a: { <<: { agent: q } } }', /tasks\.a\.<<: is not known here/],
    ['a tag', 'name: !!str x\ntasks: { a: { agent: q } }', /the tag .* is refused/],
    ['a custom tag', 'name: !eval x\ntasks: { a: { agent: q } }', /tag/],
    ['a key twice', 'name: x\nname: y\ntasks: { a: { agent: q } }', /2:1 the key "name" is there twice/],
    ['a task twice', 'name: x\ntasks:\n  a: { agent: q }\n  a: { agent: q }', /4:3 the key "a" is there twice/],
    ['a prototype', '{"name":"x","tasks":{"a":{"agent":"q"},"__proto__":{"agent":"z"}}}', /"__proto__" is refused/],
    ['deep brackets', '['.repeat(500_000), /nested deeper than 50 levels/],
    ['deep dashes', `${'- '.repeat(300_000)}x`, /nested deeper/],
    ['deep blocks', Array.from({ length: 900 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), /nested deeper/],
    ['too much text', `name: ${'x'.repeat(16 << 20)}`, /16777222 bytes, more than the limit of 16777216/],
    ['two documents', 'name: x\n---\nname: y', /document/],
    ['broken YAML', 'a: [1', /flow/i],
    ['mere text', '"hello"', /must be a workflow \(an object\), not "hello"/],
    ['nothing', '', /must be a workflow \(an object\), not null/],
    ['no tasks', 'name: x', /tasks: is missing/],
    ['tasks in a list', 'name: x\ntasks: [{ agent: q }]', /must be an object of tasks by id, not a list/],
  ];
  for (const [what, text, pattern] of refused)
    it(`refuses ${what}`, () => expect(refusal(text).message).to.match(pattern));

  it('a text of many keys is read in linear time', () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) => `  t${index}: { agent: q }`).join('\n');
    expect(parseWorkflow(`name: x\ntasks:\n${tasks}`).definition.tasks).to.have.length(10_000);
  });

  it('a text of many mistakes is refused in linear time, and says how many there are', () => {
    const tasks = Array.from({ length: 20_000 }, (_, index) => `  t${index}: { agent: q, priority: x, retry: -1 }`);
    const { message, details } = refusal(`name: x\ntasks:\n${tasks.join('\n')}`);
    expect(message).to.match(
      /has 40000 problems:\n {2}3:\d+ tasks\.t0\.priority: must be a number[\s\S]* and 39800 more$/,
    );
    expect(details['problems']).to.have.length(200);
    const twice = refusal(`name: x\ntasks:\n${'  a: { agent: q }\n'.repeat(130_000)}`);
    expect(twice.message).to.match(/has 129999 problems/);
  });

  it('any text gives a workflow or REPRISE_DEFINITION_INVALID', () => {
    const piece = fc.constantFrom(
      'name: x',
      'tasks:',
      '  a:',
      '    agent: q',
      '\n',
      ' ',
      '{',
      '}',
      '[',
      ']',
      ':',
      '- ',
      '"',
      "'",
      '&a ',
      '*a',
      '!!x ',
      '|',
      '? ',
      '#',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            parseWorkflow(text);
          } catch (error) {
            if (!isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('workflowToYaml', () => {
  const json: fc.Arbitrary<Json> = fc
    .jsonValue({ maxDepth: 2 })
    .map((value) => JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'p').replaceAll('-0', '0')) as Json);
  const duration = fc.integer({ min: 1, max: 10_000_000 });
  const form = fc.record(
    {
      capability: fc.constantFrom('x', 'y'),
      description: fc.string(),
      when: fc.constantFrom('input.a > 1', 'true || "a: b" == input.x', 'size(input.list) == 0'),
      input: fc.oneof(
        json.filter((value) => typeof value !== 'string'),
        fc.constant(`\${ input.x }`),
      ),
      forEach: fc.record({
        items: fc.constant('input.list'),
        concurrency: fc.integer({ min: 1, max: 50 }),
        onItemFailure: fc.constantFrom('fail', 'continue'),
      }),
      retry: fc.oneof(
        fc.integer({ min: 1, max: 9 }),
        fc.record({
          maxAttempts: fc.constant(2),
          initialDelay: duration,
          factor: fc.constant(3),
          nonRetryable: fc.constant(['A', 'B']),
        }),
      ),
      timeout: fc.oneof(
        duration,
        fc.record({ attempt: duration, task: duration, all: duration, heartbeat: duration }, { requiredKeys: [] }),
      ),
      fallback: fc.oneof(
        json.map((value) => ({ value })),
        fc.constant({ agent: 'spare' }),
      ),
      priority: fc.integer({ min: -5, max: 5 }),
      delivery: fc.constantFrom('at-least-once', 'at-most-once'),
    },
    { requiredKeys: ['capability'] },
  );

  it('is read back to the same definition', () => {
    fc.assert(
      fc.property(fc.array(form, { minLength: 1, maxLength: 6 }), fc.option(duration), (forms, timeout) => {
        const tasks = Object.fromEntries(
          forms.map((one, index) => [`t${index}`, { ...one, ...(index > 0 && { after: `t${index - 1}` }) }]),
        );
        const definition = accepted({ name: 'x', version: '1.0', ...(timeout !== null && { timeout }), tasks });
        if (definition === undefined) return;
        expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
      }),
    );
  });

  /** Templates may contain texts that happen to be bad CEL; those are not what is asked here. */
  function accepted(data: unknown): WorkflowDefinition | undefined {
    try {
      return loadDefinition(data as Json).definition;
    } catch {
      return undefined;
    }
  }

  it('writes texts that look like something else as texts', () => {
    const { definition } = loadDefinition({
      name: 'x',
      version: '1.10',
      tasks: { a: { agent: 'true', input: { a: 'null', b: '1e3', c: 'a: b', d: `$\${x}`, e: '' } } },
    });
    expect(parseWorkflow(workflowToYaml(definition)).definition).to.deep.equal(definition);
  });

  it('names the functions that it cannot write', () => {
    const { definition } = workflow('x')
      .task('a', 'q', { when: () => true, input: () => 1 })
      .build();
    expect(() => workflowToYaml(definition)).to.throw(
      /tasks\.a\.when: a function here has no YAML form[\s\S]*tasks\.a\.input/,
    );
  });
});
