import { isRepriseError, type JsonObject } from '@reprise/core/plugin';
import { FAILED } from './problems.ts';
import type { Route } from './route.ts';
import type { RunCommand } from './source.ts';

/** What can be done to many runs at once. */
export const BULK_KINDS = ['cancel', 'pause', 'resume', 'retry', 'retry-tasks'] as const;
type BulkKind = (typeof BULK_KINDS)[number];

/** Runs of one call, and how many of them are changed at a time. */
const MOST = 500;
const AT_ONCE = 8;

function commandOf(kind: BulkKind, force: boolean): RunCommand {
  if (kind === 'cancel') return { kind, force };
  return kind === 'retry-tasks' ? { kind, taskId: undefined } : { kind };
}

/** Each run by itself: one that refuses, or fails, is told, and stops no other. */
export const BULK: Route = {
  id: 'runs.bulk',
  method: 'post',
  path: '/bulk',
  permission: 'operate',
  summary: 'Does the same to many runs; each is told by itself.',
  body: {
    properties: {
      kind: { enum: [...BULK_KINDS] },
      runs: {
        type: 'array',
        items: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$' },
        minItems: 1,
        maxItems: MOST,
        uniqueItems: true,
      },
      force: { type: 'boolean', description: 'Of cancel: nothing that is under way is waited for.' },
    },
    required: ['kind', 'runs'],
  },
  result: { type: 'object', properties: { results: { type: 'array' } }, required: ['results'] },
  answer: async ({ source, body, who, failed }) => {
    const command = commandOf(body['kind'] as BulkKind, body['force'] === true);
    const runs = body['runs'] as readonly string[];
    const results: JsonObject[] = [];
    const one = async (runId: string): Promise<JsonObject> => {
      try {
        return { ...(await source.command(runId, command, who)), runId, done: true };
      } catch (error) {
        if (isRepriseError(error)) return { runId, done: false, code: error.code, message: error.message };
        failed(error);
        return { runId, done: false, code: 'DASHBOARD_FAILED', message: FAILED };
      }
    };
    for (let from = 0; from < runs.length; from += AT_ONCE)
      results.push(...(await Promise.all(runs.slice(from, from + AT_ONCE).map(one))));
    return { results };
  },
};
