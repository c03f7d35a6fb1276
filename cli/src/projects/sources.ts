import { identifierOf } from './names.ts';

/** `ts` where the package is one of modules, else `mts`. */
export type Extension = 'ts' | 'mts';

/** What is written, and the export that matters in it. */
export interface Source {
  readonly text: string;
  readonly export: string;
}

export function workflowSource(name: string): Source {
  const exported = identifierOf(name, 'Workflow');
  const agent = identifierOf(`${name}-worker`, 'Worker');
  return {
    export: exported,
    text: `import { defineAgent, workflow } from '@reprise/core';

/** What a run is started with. Give the workflow an \`input\` schema (zod, or any Standard Schema) to have it checked. */
interface Input {
  readonly text?: string;
}

/** An agent is the only place where I/O happens. One that several workflows need belongs in a module of its own. */
const ${agent} = defineAgent({
  name: '${name}-worker',
  handle: ({ input }: { input: Input }) => ({ text: input.text ?? 'nothing to do' }),
});

/** Give it a new version when its functions change while runs are open. */
export const ${exported} = workflow<Input>('${name}', { version: '1' })
  .task('work', ${agent}, { retry: 3 })
  .set('report', ({ outputs }) => ({ done: outputs.work.text }), { after: 'work' })
  .build();
`,
  };
}

export function agentSource(name: string): Source {
  const exported = identifierOf(name, 'Agent');
  return {
    export: exported,
    text: `import { defineAgent } from '@reprise/core';

/** What a task hands it. Give the agent an \`inputSchema\` (zod, or any Standard Schema) to have it checked. */
interface Input {
  readonly text: string;
}

/**
 * The only place where I/O happens. An attempt may be made twice: hand \`idempotencyKey\`, beside \`input\`, to whatever must not
 * happen twice. What it returns must be plain JSON. An error with \`retryable: false\` is not tried again.
 */
export const ${exported} = defineAgent({
  name: '${name}',
  handle: ({ input }: { input: Input }) => ({ text: input.text.trim() }),
});
`,
  };
}

export function strategySource(name: string): Source {
  const strategy = identifierOf(name, 'Strategy', true);
  const exported = identifierOf(name, 'Scheduler', true);
  return {
    export: exported,
    text: `import { assignInOrder, definePlugin, type Plugin, type SchedulerStrategy } from '@reprise/core/plugin';

/**
 * Pure: the same view has the same answer. It says which of the ready tasks go to which agents now, as many as there are slots at
 * most. This one begins one attempt of a run at a time.
 */
export const ${strategy}: SchedulerStrategy = {
  name: '${name}',
  select: (view) => assignInOrder(view, view.inFlight === 0 ? Math.min(1, view.slots) : 0),
};

export const ${exported} = (): Plugin<'scheduler'> =>
  definePlugin({ name: '${name}', kind: 'scheduler', create: () => ${strategy} });
`,
  };
}

export function pluginSource(name: string): Source {
  const exported = identifierOf(name, 'Monitor', true);
  const options = `${exported.charAt(0).toUpperCase()}${exported.slice(1)}Options`;
  return {
    export: exported,
    text: `import { definePlugin, type Monitor, type Plugin } from '@reprise/core/plugin';

/** What the configuration may say. */
export interface ${options} {
  /** Handed each line. Default: written to stderr. */
  readonly write?: (line: string) => unknown;
}

/** Says of every run how it ended. */
export const ${exported} = (options: ${options} = {}): Plugin<'monitor'> =>
  definePlugin({ name: '${name}', kind: 'monitor', create: () => create(options) });

/** A monitor that throws or is slow holds up no run. It changes nothing of what it is handed. */
function create({ write = (line) => process.stderr.write(\`\${line}\\n\`) }: ${options}): Monitor {
  let ended = false;
  return {
    name: '${name}',
    // Types of events that it does not know go by: a later version has more.
    onEvent: ({ runId, event }) => {
      if (!ended && /^Run(?:Completed|Failed|Cancelled)$/.test(event.type)) write(\`\${runId} \${event.type}\`);
    },
    // It keeps nothing back that would have to be written.
    forceFlush: async () => undefined,
    shutdown: async () => {
      ended = true;
    },
  };
}
`,
  };
}

export function projectionSource(name: string): Source {
  const exported = identifierOf(name, 'Projection');
  return {
    export: exported,
    text: `import { defineProjection } from '@reprise/core';

/** A row of the view, plain JSON: how often runs of a workflow ended in which way. */
type Row = Readonly<Record<'completed' | 'failed' | 'cancelled', number>>;

const NONE: Row = { completed: 0, failed: 0, cancelled: 0 };

/** Pure: it reads no clock and keeps nothing between calls. Raise \`version\` with every change: the view is then built anew. */
export const ${exported} = defineProjection<Row>({
  name: '${name}',
  version: 1,
  about: 'how runs of each workflow ended',
  fields: {
    completed: { type: 'number', path: ['completed'], about: 'how many completed' },
    failed: { type: 'number', path: ['failed'], about: 'how many failed' },
    cancelled: { type: 'number', path: ['cancelled'], about: 'how many were cancelled' },
  },
  // The row that an event is about, if any.
  keyOf: ({ event, run }) => (/^Run(?:Completed|Failed|Cancelled)$/.test(event.type) ? run.workflow : undefined),
  apply: (before, { event }) => {
    const row = before ?? NONE;
    if (event.type === 'RunCompleted') return { ...row, completed: row.completed + 1 };
    if (event.type === 'RunFailed') return { ...row, failed: row.failed + 1 };
    return { ...row, cancelled: row.cancelled + 1 };
  },
});
`,
  };
}

/** The workflow that a test is about: where it comes from, seen from the test, and the agents that it asks for. */
export interface TestedWorkflow {
  readonly name: string;
  /** `../workflows/nightly.ts` */
  readonly from: string;
  /** Its export there; absent: it is a YAML or JSON form. */
  readonly export?: string;
  readonly agents: readonly string[];
}

export function testSource({ name, from, export: exported, agents }: TestedWorkflow): string {
  const asVariable = exported === undefined || exported === 'default' ? camelable(name) : exported;
  const variable = identifierOf(asVariable, 'Workflow');
  const scripts = agents.map((agent) => `      ${key(agent)}: { output: {} },\n`).join('');
  return `import assert from 'node:assert/strict';
${exported === undefined ? fromText(variable, from) : fromModule(variable, exported, from)}
// The whole workflow, in virtual time, with agents that do as they are told here: hours pass in milliseconds. A list is a script
// for the attempts of each task: [{ fail: 'busy' }, { output: {} }]. A signal is sent with \`steer\`.
test('${name} completes', async () => {
  const { outcome } = await simulate(${variable}, {
    // What a run is started with.
    input: {},
    agents: ${scripts === '' ? '{}' : `{\n${scripts}    }`},
  });
  assert.equal(outcome.status, 'completed');
});
`;
}

const fromText = (variable: string, from: string): string => `import { readFileSync } from 'node:fs';
import test from 'node:test';
import { parseWorkflow } from '@reprise/core';
import { simulate } from '@reprise/core/testing';

const file = new URL(${quoted(from)}, import.meta.url);
const ${variable} = parseWorkflow(readFileSync(file, 'utf8'), { file: file.pathname });
`;

function fromModule(variable: string, exported: string, from: string): string {
  const named = exported === variable ? exported : `${exported} as ${variable}`;
  return `import test from 'node:test';
import { simulate } from '@reprise/core/testing';
import { ${named} } from ${quoted(from)};
`;
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** An id as far as a variable can be called so. */
const camelable = (name: string): string => {
  const words = name.replace(/[^A-Za-z0-9]+/g, '-').replace(/^[-0-9]+|-+$/g, '');
  return words === '' ? 'tested' : words;
};

const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`);
