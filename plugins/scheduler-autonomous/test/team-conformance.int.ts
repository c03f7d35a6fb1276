import { teamConformance } from '@reprise/conformance';
import type { ScriptFunction } from '@reprise/core/testing';
import { createAutonomousStrategy, isCall } from '../src/index.ts';

const create = () => createAutonomousStrategy();

/** Goes round once, then ends with whoever had it last. */
const holder = (next: string | undefined): ScriptFunction =>
  ((_task: { readonly taskId: string }, context: { handOff(agent: string): void }) => {
    if (next === undefined) return 'done';
    context.handOff(next);
    return null;
  }) as unknown as ScriptFunction;

teamConformance('autonomous, hand-off', {
  create,
  spec: { mode: 'hand-off', members: ['ann', 'bob', 'cid'] },
  agents: { ann: holder('bob'), bob: holder('cid'), cid: holder(undefined) },
});

const bidder = (price: number): ScriptFunction =>
  (({ input }: { readonly input: never }) => (isCall(input) ? { price } : { by: price })) as unknown as ScriptFunction;

teamConformance('autonomous, bid', {
  create,
  spec: { mode: 'bid', members: ['ann', 'bob'], bidTimeout: '1m' },
  tasks: { walls: { capability: 'paint', retry: 2 }, doors: { capability: 'paint', after: 'walls', retry: 2 } },
  capabilities: { ann: ['paint'], bob: ['paint'] },
  agents: { ann: bidder(3), bob: bidder(2) },
});

teamConformance('autonomous, claim', {
  create,
  spec: { mode: 'claim', members: [{ agent: 'ann', trigger: 'has(board.walls)' }, { agent: 'bob' }] },
  tasks: { walls: { capability: 'paint', retry: 2 }, doors: { capability: 'paint', after: 'walls', retry: 2 } },
  capabilities: { ann: ['paint'], bob: ['paint'] },
  agents: { ann: () => 'ann', bob: () => 'bob' },
});
