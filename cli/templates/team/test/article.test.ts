import assert from 'node:assert/strict';
import test from 'node:test';
import { simulate } from '@reprise/core/testing';
import { hierarchicalScheduler, type WorkerTask } from '@reprise/scheduler-hierarchical';
import { lead } from '../agents/lead.ts';
import { researcher } from '../agents/researcher.ts';
import { writer } from '../agents/writer.ts';
import { article } from '../workflows/article.ts';

const plugins = [hierarchicalScheduler()];
const agents = { lead: lead.handle, researcher: researcher.handle, writer: writer.handle };
const input = { topic: 'tea' };

test('has the draft done again until every fact is in it', async () => {
  const { outcome, calls } = await simulate(article, { input, agents, plugins });
  assert.equal(outcome.status, 'completed');
  assert.match(JSON.stringify(outcome), /nobody agrees about tea/);
  const workers = calls.map(({ agent }) => agent).filter((agent) => agent !== 'lead');
  assert.deepEqual(workers, ['researcher', 'writer', 'writer']);
});

test('gives up on a writer that never listens', async () => {
  const deaf = (task: { input: WorkerTask<{ research: readonly string[] }> }) => ({
    text: `${task.input.results.research[0]}.`,
    sentences: 1,
  });
  const { outcome } = await simulate(article, { input, agents: { ...agents, writer: deaf }, plugins });
  assert.equal(outcome.status, 'failed');
  assert.equal(outcome.error.code, 'REPRISE_TEAM_FAILED');
});

test('says so when there is nothing to write about', async () => {
  const none = () => {
    throw Object.assign(new Error('the library is closed'), { retryable: false });
  };
  const { outcome } = await simulate(article, { input, agents: { ...agents, researcher: none }, plugins });
  assert.equal(outcome.status, 'failed');
  assert.match(outcome.error.message, /There is no research/);
});
