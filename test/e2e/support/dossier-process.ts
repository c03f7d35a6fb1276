import { appendFileSync } from 'node:fs';
import { type AgentReference, createReprise, definePlugin, type LocalAgent } from '@reprise/core';
import { createSqliteStorage } from '@reprise/event-store-sqlite';
import { dossier } from '@reprise-examples/dependency-dossier';

// The process that the kill test kills: drives one dossier run, going on with it when it is there already.
// Arguments: store file, run id, project folder, output folder, log of agent calls.

const [path = '', runId = '', folder = '', outDir = '', callLog = ''] = process.argv.slice(2);

/** The agent, with every call noted in a file before it is made: what was called is known even after a kill. */
function noted(agent: AgentReference): AgentReference {
  const local = agent as LocalAgent;
  const handle = local.handle.bind(local) as (task: unknown, context: unknown) => unknown;
  return {
    ...agent,
    handle: (task: { readonly taskId: string; readonly attempt: number }, context: unknown) => {
      appendFileSync(callLog, `${JSON.stringify([task.taskId, task.attempt, process.pid])}\n`);
      return handle(task, context);
    },
  } as AgentReference;
}

const reprise = await createReprise({
  workflows: [{ ...dossier, agents: dossier.agents.map(noted) }],
  plugins: [definePlugin({ name: 'sqlite', kind: 'event-store', create: () => createSqliteStorage({ path }) })],
});
await reprise.start();
process.stderr.write('driving\n');
const run = await reprise.startRun(dossier, { folder, outDir }, { id: runId, requestId: runId });
const outcome = await run.outcome();
await reprise.stop();
process.stdout.write(`${JSON.stringify(outcome)}\n`);
