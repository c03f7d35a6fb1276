import { createReprise, parseWorkflow } from '@reprise/core';
import type { JsonObject } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { autonomousScheduler, createAutonomousStrategy, resolveAutonomousOptions } from '../src/index.ts';

const problems = (spec: JsonObject): readonly string[] => createAutonomousStrategy().team.check?.(spec) ?? [];

describe('the check of an autonomous team', () => {
  const GOOD: readonly JsonObject[] = [
    { mode: 'hand-off', members: ['ann', 'bob'], first: 'bob', onCircle: 'ann', bounds: { handOffs: 3 } },
    { mode: 'bid' },
    { mode: 'bid', members: ['ann'], award: 'bid.price', bidTimeout: '5s', rounds: 2, onNoBid: { agent: 'bob' } },
    {
      mode: 'claim',
      members: ['bob', { agent: 'ann', trigger: 'true', atOnce: 2 }],
      onNoClaim: 'assign',
      output: 'board',
    },
  ];
  for (const spec of GOOD) it(`takes ${JSON.stringify(spec)}`, () => expect(problems(spec)).to.deep.equal([]));

  const BAD: readonly (readonly [JsonObject, RegExp])[] = [
    [{}, /^mode is missing/],
    [{ mode: 'bids' }, /^mode is "bids".*bid/],
    [{ mode: 'hand-off' }, /^members is missing/],
    [{ mode: 'hand-off', members: ['ann', 'ann'] }, /^members\[1\] is 'ann', as members\[0\]/],
    [{ mode: 'hand-off', members: ['ann'], first: 'anm' }, /^first is "anm".*ann/],
    [{ mode: 'hand-off', members: ['ann'], bounds: { handOffs: 31 } }, /^bounds.handOffs is 31/],
    [{ mode: 'bid', rounds: 0 }, /^rounds is 0/],
    [{ mode: 'bid', bidTimeout: 'soon' }, /^bidTimeout is "soon"/],
    [{ mode: 'bid', onNoBid: 'asign' }, /^onNoBid is "asign".*assign/],
    [{ mode: 'bid', awrd: 'bid.price' }, /has no "awrd".*award/],
    [{ mode: 'claim', members: [3] }, /^members\[0\] is 3, and names no agent/],
    [{ mode: 'claim', members: [{ agent: 'ann', trigger: 3 }] }, /^members\[0\]\.trigger/],
    [{ mode: 'claim', members: [{ agent: 'ann' }], onFailure: 'go' }, /^onFailure is "go"/],
  ];
  for (const [spec, said] of BAD)
    it(`says what is wrong with ${JSON.stringify(spec)}`, () => {
      expect(problems(spec)).to.have.length(1);
      expect(problems(spec)[0]).to.match(said);
    });

  const CEL: readonly (readonly [JsonObject, RegExp])[] = [
    [{ mode: 'bid', award: 'bid.price +' }, /'autonomous': award: CEL expression bid\.price \+: /],
    [{ mode: 'bid', award: 'board.x' }, /award: 'board' is not available here.*bid, work, input/],
    [
      { mode: 'claim', members: [{ agent: 'ann' }], output: 'outputs.x' },
      /output: 'outputs' is not available here.*board/,
    ],
    [
      { mode: 'claim', members: [{ agent: 'ann' }, { agent: 'bob', trigger: 'wrok.id == "x"' }] },
      /members\[1\]\.trigger: .*wrok/,
    ],
    [
      { mode: 'claim', members: [{ agent: 'ann', trigger: 'work.price > 9007199254740993' }] },
      /members\[0\].trigger: /,
    ],
  ];
  for (const [spec, said] of CEL)
    it(`says what is wrong with the CEL of ${JSON.stringify(spec)}`, async () => {
      const flow = parseWorkflow(JSON.stringify({ name: 'w', strategy: { name: 'autonomous', ...spec }, tasks: {} }));
      const made = createReprise({ workflows: [flow], plugins: [autonomousScheduler()] }).then(
        () => undefined,
        (error: unknown) => error as Error & { code: string },
      );
      expect((await made)?.code).to.match(/^REPRISE_/);
      expect((await made)?.message).to.match(said);
    });

  it('says all that is wrong with options', () => {
    expect(() => resolveAutonomousOptions({ rounds: 11, bounds: { circels: 1 } })).to.throw(/circels.*rounds is 11/s);
  });
});
