// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are expressions of CEL.
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { validateDefinition } from '../../src/definition/validation/validate-definition.ts';
import { schemasOf } from '../../src/definition/validation/value-shape-rules.ts';
import {
  type AgentReference,
  type AgentTask,
  cel,
  createReprise,
  defineAgent,
  parseWorkflow,
  template,
  type Workflow,
  workflow,
  workflowToYaml,
} from '../../src/index.ts';
import type { RepriseError } from '../../src/shared/errors.ts';

const triage = defineAgent({
  name: 'triage',
  outputSchema: z.object({
    urgent: z.boolean(),
    owner: z.object({ name: z.string(), phone: z.string().optional() }).nullable(),
    parts: z.array(z.object({ price: z.number() })),
    extra: z.record(z.string(), z.number()),
    result: z.union([z.object({ kind: z.literal('ok'), value: z.number() }), z.object({ kind: z.literal('no') })]),
    anything: z.unknown(),
  }),
  handle: () => JSON.parse('{}'),
});
const loose = defineAgent({ name: 'loose', outputSchema: z.looseObject({ a: z.string() }), handle: () => ({ a: '' }) });
const sender = defineAgent({
  name: 'sender',
  inputSchema: z.object({ address: z.string(), note: z.string().optional() }),
  handle: ({ input }) => input.address,
});
const AGENTS: readonly AgentReference[] = [triage, loose, sender];

/** The problems of the tasks of a YAML workflow, when the agents are known. */
function problemsOf(tasks: string, others: readonly Workflow[] = [], input?: z.ZodType): readonly string[] {
  try {
    const { definition } = parseWorkflow(`name: w\ntasks:\n  t: { agent: triage }\n${tasks}`);
    const schemas = { agents: AGENTS, workflows: schemasOf(others), inputSchema: input };
    return validateDefinition(definition, { schemas }).map(({ path, message }) => `${path.join('.')}: ${message}`);
  } catch (error) {
    return ((error as RepriseError).message ?? '')
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

describe('CEL against what is known of values', () => {
  const wrong: readonly [what: string, tasks: string, problem: RegExp][] = [
    [
      'a member',
      '  a: { set: 1, after: t, when: outputs.t.urgnt }',
      /^tasks\.a\.when: outputs\.t has no 'urgnt'; did you mean 'urgent'\? \(it has: urgent, owner,/,
    ],
    [
      'one by its key',
      '  a: { set: "${ outputs[\'t\'].urgnt }", after: t }',
      /^tasks\.a\.set: outputs\['t'\] has no 'urgnt'; did you mean 'urgent'/,
    ],
    [
      'a member of a member that may be null',
      '  a: { set: "${ outputs.t.owner.nmae }", after: t }',
      /outputs\.t\.owner has no 'nmae'; did you mean 'name'\? \(it has: name, phone\)/,
    ],
    [
      'of an item',
      '  a: { set: "${ outputs.t.parts.map(p, p.prise) }", after: t }',
      /p has no 'prise'; did you mean 'price'/,
    ],
    [
      'of a filtered item',
      '  a: { set: "${ outputs.t.parts.filter(p, p.price > 1)[0].prise }", after: t }',
      /has no 'prise'; did you mean 'price'/,
    ],
    [
      'of no case of a union',
      '  a: { set: "${ outputs.t.result.vlue }", after: t }',
      /has no 'vlue'; did you mean 'value'\? \(it has: kind, value\)/,
    ],
    [
      'of a text',
      '  a: { set: "${ outputs.t.owner.name.first }", after: t }',
      /outputs\.t\.owner\.name is a text, which has no 'first'/,
    ],
    [
      'in a template, at its place',
      '  a: { agent: x, after: t, input: { who: { is: "${ outputs.t.ownr }" } } }',
      /^tasks\.a\.input\.who\.is: outputs\.t has no 'ownr'; did you mean 'owner'/,
    ],
    [
      'of a set',
      '  s: { set: { total: 1, by: "${ outputs.t.owner }" }, after: t }\n  a: { set: "${ outputs.s.totl }", after: s }',
      /outputs\.s has no 'totl'; did you mean 'total'\? \(it has: total, by\)/,
    ],
    [
      'through a set',
      '  s: { set: { by: "${ outputs.t.owner }" }, after: t }\n  a: { set: "${ outputs.s.by.nam }", after: s }',
      /outputs\.s\.by has no 'nam'; did you mean 'name'/,
    ],
    [
      'of the item of a forEach',
      '  a: { agent: x, after: t, forEach: outputs.t.parts, input: "${ item.prise }" }',
      /^tasks\.a\.input: item has no 'prise'; did you mean 'price'/,
    ],
    [
      'of a list of literals',
      '  a: { agent: x, after: t, forEach: "[{\'id\': 1}, {\'id\': 2}]", input: "${ item.i }" }',
      /item has no 'i'/,
    ],
    [
      'of an item of a block',
      '  b: { after: t, forEach: outputs.t.parts, scope: { x: { set: "${ item.prise }" } } }',
      /^tasks\.b\.scope\.x\.set: item has no 'prise'/,
    ],
    [
      'of what a block was handed',
      '  b: { after: t, scope: { x: { set: "${ block.input.urgnt }" } } }',
      /block\.input has no 'urgnt'/,
    ],
    [
      'of a block, by its leaf',
      '  b: { after: t, scope: { x: { set: { a: 1 } } } }\n  c: { set: "${ outputs.b.aa }", after: b }',
      /outputs\.b has no 'aa'/,
    ],
    [
      'of a block, by its leaves',
      '  b: { after: t, scope: { xx: { set: 1 }, yy: { set: 2 } } }\n  c: { set: "${ outputs.b.yyy }", after: b }',
      /outputs\.b has no 'yyy'; did you mean 'yy'\? \(it has: xx, yy\)/,
    ],
    [
      'of a list, where items are',
      '  b: { agent: triage, after: t, forEach: outputs.t.parts }\n  c: { set: "${ outputs.b.urgent }", after: b }',
      /outputs\.b is a list or null, which has no 'urgent'/,
    ],
    [
      'of what sleeps',
      '  z: { sleep: 1s, after: t }\n  c: { set: "${ outputs.z.urgnt }", after: z }',
      /outputs\.z has no 'urgnt'/,
    ],
    [
      'in until',
      '  r: { agent: triage, after: t, repeat: { until: output.urgnt, max: 2 } }',
      /^tasks\.r\.repeat\.until: output has no 'urgnt'/,
    ],
    [
      'in a loop',
      '  b: { after: t, scope: { x: { set: { good: true } } }, loop: { until: output.god, max: 2 } }',
      /tasks\.b\.loop\.until: output has no 'god'; did you mean 'good'/,
    ],
    [
      'of an error',
      '  b: { after: t, scope: { x: { agent: x } }, catch: [{ when: error.cod == "A", then: fail }] }',
      /error has no 'cod'; did you mean 'code'/,
    ],
    [
      'in a negation, a condition, a comparison',
      '  a: { set: "${ !(outputs.t.urgnt) ? 1 : 2 }", after: t }',
      /has no 'urgnt'/,
    ],
    [
      'of a message',
      '  w: { wait: { message: true } }\n  a: { set: "${ outputs.w.nope }", after: w }',
      /^tasks\.a\.set: outputs\.w has no 'nope'/,
    ],
    [
      'of a message, or of what stands in for it',
      '  w: { wait: { message: true, timeout: 1s, default: { late: true } } }\n  a: { set: "${ outputs.w.frm }", after: w }',
      /^tasks\.a\.set: outputs\.w has no 'frm'/,
    ],
    [
      'of the message that is asked about',
      '  w: { wait: { message: { where: message.daat.n > 1 } } }',
      /^tasks\.w\.wait\.message\.where: message has no 'daat'/,
    ],
    [
      'of what a send gives',
      '  s: { send: { to: t } }\n  a: { set: "${ outputs.s.message }", after: s }',
      /^tasks\.a\.set: outputs\.s has no 'message'/,
    ],
    [
      'in what is sent',
      '  s: { send: { to: t, data: { x: "${ outputs.t.urgnt }" }, inReplyTo: x }, after: t }',
      /^tasks\.s\.send\.data\.x: outputs\.t has no 'urgnt'/,
    ],
    [
      'a name of what an agent takes',
      '  a: { agent: sender, after: t, input: { adress: x } }',
      /^tasks\.a\.input: hands the agent 'sender' 'adress', and no 'address', which it needs; did you mean 'address'\?$/,
    ],
    [
      'also when it is handed on',
      '  s: { set: { adress: x }, after: t }\n  a: { agent: sender, after: s }',
      /^tasks\.a: hands the agent 'sender' 'adress'/,
    ],
  ];
  for (const [what, tasks, problem] of wrong) {
    it(`finds a misspelt name: ${what}`, () => {
      const problems = problemsOf(tasks);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(problem);
    });
  }

  const right: readonly [what: string, tasks: string][] = [
    ['what is there', '  a: { set: "${ outputs.t.urgent && outputs.t.owner.phone != \'\' }", after: t }'],
    ['what may be there', '  a: { set: "${ outputs.t.result.value }", after: t }'],
    ['any key of a record', '  a: { set: "${ outputs.t.extra.whatever + outputs.t.extra[\'x\'] }", after: t }'],
    ['anything of anything', '  a: { set: "${ outputs.t.anything.at.all[3].b }", after: t }'],
    ['more than a loose schema names', '  l: { agent: loose }\n  a: { set: "${ outputs.l.b.c }", after: l }'],
    ['what is asked for first', '  a: { set: "${ has(outputs.t.urgnt) ? outputs.t.urgnt : false }", after: t }'],
    ['what is looked for first', '  a: { set: "${ \'urgnt\' in outputs.t ? outputs.t.urgnt : false }", after: t }'],
    ['what dyn() makes unknown', '  a: { set: "${ dyn(outputs.t).urgnt }", after: t }'],
    ['an agent that says nothing', '  x: { agent: silent }\n  a: { set: "${ outputs.x.a.b }", after: x }'],
    ['a capability', '  x: { capability: some }\n  a: { set: "${ outputs.x.a.b }", after: x }'],
    [
      'a signal',
      '  x: { wait: { signal: s, default: { a: 1 }, timeout: 1s } }\n  a: { set: "${ outputs.x.b }", after: x }',
    ],
    [
      'all that a message has, and anything of its data',
      '  w: { wait: { message: { where: "message.data.a.b > 1 && message.type != \'x\' && message.delivery > message.sentAt" } } }\n' +
        '  a: { set: "${ [outputs.w.id, outputs.w.from, outputs.w.mailbox, outputs.w.performative, outputs.w.conversation, outputs.w.inReplyTo, outputs.w.dead.code, outputs.w.data.any] }", after: w }',
    ],
    [
      'what stands in for a message',
      '  w: { wait: { message: true, timeout: 1s, default: { late: true } } }\n  a: { set: "${ outputs.w.late }", after: w }',
    ],
    ['the id of what was sent', '  s: { send: { to: t } }\n  a: { set: "${ outputs.s.id }", after: s }'],
    [
      'what a fallback gives',
      '  x: { agent: triage, fallback: { value: { late: true } } }\n  a: { set: "${ outputs.x.late }", after: x }',
    ],
    [
      'what the last of several fallbacks gives',
      '  x: { agent: triage, fallback: [{ agent: triage }, { value: { late: true } }] }\n  a: { set: "${ outputs.x.late }", after: x }',
    ],
    [
      'the item of a list in a list, in a fallback',
      '  b: { after: t, forEach: outputs.t.parts, scope: { x: { agent: y, forEach: "[{\'id\': 1}]", fallback: { agent: z, input: "${ item.id }" } } } }',
    ],
    [
      'what a stand-in gives',
      '  x: { agent: triage, fallback: { task: y } }\n  y: { agent: silent }\n  a: { set: "${ outputs.x.late }", after: x }',
    ],
    [
      'what an end gives',
      '  b: { after: t, scope: { x: { set: { a: 1 } }, e: { end: { output: { b: 2 } }, after: x, when: "false" } }, output: "${ outputs.x }" }\n  c: { set: "${ outputs.b.b }", after: b }',
    ],
    [
      'what a catch gives',
      '  b: { after: t, scope: { x: { set: { a: 1 } } }, catch: [{ then: continue }] }\n  c: { set: "${ outputs.b.b }", after: b }',
    ],
    ['an item of an empty list', '  s: { set: [] }\n  a: { set: "${ outputs.s.map(x, x.y) }", after: s }'],
    [
      'feedback',
      '  r: { agent: triage, after: t, input: "${ feedback.anything }", repeat: { until: output.urgent, max: 2 } }',
    ],
    ['a variable that hides another', '  a: { set: "${ [{\'urgnt\': 1}].map(outputs, outputs.urgnt) }", after: t }'],
    ['another name of what an agent takes', '  a: { agent: sender, after: t, input: { address: x, adress: y } }'],
    ['input that is nothing like it', '  a: { agent: sender, after: t, input: { city: x } }'],
  ];
  for (const [what, tasks] of right) it(`lets through ${what}`, () => expect(problemsOf(tasks)).to.deep.equal([]));

  it('knows the input by its schema, with what that makes of it', () => {
    const input = z.object({ folder: z.string().default('.'), size: z.string().transform((text) => text.length) });
    expect(problemsOf('  a: { set: "${ input.folder + string(input.size) }" }', [], input)).to.deep.equal([]);
    expect(problemsOf('  a: { set: "${ input.foldr }" }', [], input)[0]).to.match(
      /input has no 'foldr'; did you mean 'folder'/,
    );
  });

  it('knows what a child gives, and a child of itself', () => {
    const child = workflow<number>('child')
      .task('t', triage)
      .output(template({ level: '${ outputs.t.urgent }' }))
      .build();
    expect(problemsOf('  c: { workflow: child }\n  a: { set: "${ outputs.c.levl }", after: c }', [child])[0]).to.match(
      /outputs\.c has no 'levl'; did you mean 'level'/,
    );
    expect(problemsOf('  c: { workflow: w }\n  a: { set: "${ outputs.c.levl }", after: c }', [child])).to.deep.equal(
      [],
    );
  });

  it('is found when a workflow is built', () => {
    const building = workflow('built')
      .task('t', triage)
      .task('a', sender, { after: 't', input: template({ address: '${ outputs.t.owner.nam }' }) });
    expect(() => building.build()).to.throw(
      /tasks\.a\.input\.address: outputs\.t\.owner has no 'nam'; did you mean 'name'/,
    );
    const looping = workflow('looping').task('t', triage, {
      when: cel('input.whatever'),
      repeat: { until: cel('output.urgnt'), max: 2 },
    });
    expect(() => looping.build()).to.throw(/until: output has no 'urgnt'/);
  });

  it('is found before anything runs, in YAML, with the agents of the configuration', async () => {
    const text = 'name: y\ntasks:\n  t: { agent: triage }\n  a: { set: "${ outputs.t.urgnt }", after: t }\n';
    const parsed = parseWorkflow(text);
    const error = await createReprise({ workflows: [parsed], agents: [triage] }).catch(
      (thrown: unknown) => thrown as RepriseError,
    );
    expect(error).to.include({ code: 'REPRISE_DEFINITION_INVALID' });
    expect((error as RepriseError).message).to.include("tasks.a.set: outputs.t has no 'urgnt'; did you mean 'urgent'?");
  });

  it('a literal is known without any agent; text is read all the same, as a definition that was recorded is', async () => {
    const parsed = parseWorkflow(
      'name: y\ntasks:\n  s: { set: { total: 1 } }\n  a: { set: "${ outputs.s.totl }", after: s }\n',
    );
    const error = await createReprise({ workflows: [parsed] }).catch((thrown: unknown) => thrown as RepriseError);
    expect((error as RepriseError).message).to.include("tasks.a.set: outputs.s has no 'totl'; did you mean 'total'?");
    expect(workflowToYaml(parsed.definition)).to.include('outputs.s.totl');
  });

  it('a schema that cannot say what it is lets anything through', () => {
    const vague = defineAgent({
      name: 'vague',
      outputSchema: {
        '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value: value as { a: number } }) },
      },
      handle: (_task: AgentTask) => ({ a: 1 }),
    });
    const throwing = {
      name: 'throwing',
      outputSchema: {
        '~standard': {
          version: 1,
          vendor: 'own',
          validate: (value: unknown) => ({ value }),
          jsonSchema: {
            output: () => {
              throw new Error('no');
            },
          },
        },
      },
      handle: () => 1,
    };
    for (const agent of [vague, throwing] as readonly AgentReference[])
      expect(workflow('v').task('t', agent).set('a', cel('outputs.t.b.c'), { after: 't' }).build().hash).to.have.length(
        64,
      );
  });

  it('a long chain that is declared backwards, and one that refers to itself twice, is no trap', () => {
    const ids = Array.from({ length: 3000 }, (_, index) => `s${index}`);
    const chain = ids.map(
      (id, index) =>
        `  ${id}: { set: { a: "\${ ${index === 0 ? '1' : `[outputs.s${index - 1}.a, outputs.s${index - 1}.a][0]`} }" }${index === 0 ? '' : `, after: s${index - 1}`} }`,
    );
    const { definition } = parseWorkflow(`name: c\ntasks:\n${chain.reverse().join('\n')}`);
    expect(validateDefinition(definition, { schemas: {} })).to.deep.equal([]);
  });

  it('JSON Schema that refers to itself is followed, and no further than it goes', () => {
    const tree: z.ZodType = z.object({
      name: z.string(),
      get children() {
        return z.array(tree);
      },
    });
    const agent = { name: 'tree', outputSchema: tree, handle: () => 1 };
    const read = (source: string): Workflow =>
      workflow('v').task('t', agent).set('a', cel(source), { after: 't' }).build();
    expect(read('outputs.t.children[0].children[1].name').hash).to.have.length(64);
    expect(() => read('outputs.t.children[0].children[1].nam')).to.throw(/has no 'nam'; did you mean 'name'/);
  });
});
