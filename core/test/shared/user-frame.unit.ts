import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isMistake, RepriseError, stackOf } from '../../src/shared/errors.ts';
import { frameText, userFrame } from '../../src/shared/user-frame.ts';

const own = new URL('../../src/orchestration/runtime/payload.ts', import.meta.url).href;
const stack = (...frames: readonly string[]): string =>
  ['Error: at a (/not/a/frame)', ...frames.map((at) => `    at ${at}`)].join('\n');
const shown = (...frames: readonly string[]): string | undefined => {
  const frame = userFrame(stack(...frames));
  return frame === undefined ? undefined : frameText(frame, (path) => path);
};

describe("the first frame of the user's own code", () => {
  it('is neither of Node, nor of a package, nor of Reprise', () => {
    expect(
      shown(
        'JSON.parse (<anonymous>)',
        'node:fs:1:2',
        'async open (node:internal/fs/promises:639:25)',
        'f (file:///p/node_modules/zod/index.js:3:4)',
        `acceptPayload (${own}:20:11)`,
        'async Object.handle (file:///p/a%20b/agents.ts:5:6)',
        'g (file:///p/other.ts:7:8)',
      ),
    ).to.equal('at Object.handle (/p/a b/agents.ts:5:6)');
  });

  for (const [frame, text] of [
    ['/p/agents.cjs:5:6', 'at /p/agents.cjs:5:6'],
    ['async file:///p/agents.ts:5:6', 'at /p/agents.ts:5:6'],
    ['Object.<anonymous> (/p/agents.cjs:5:6)', 'at /p/agents.cjs:5:6'],
    ['a.b [as c] (/p/agents.cjs:5:6)', 'at a.b (/p/agents.cjs:5:6)'],
    ['f (file:///p/agents.ts?v=2:5:6)', 'at f (/p/agents.ts:5:6)'],
    ['f (C:\\p\\agents.cjs:5:6)', 'at f (C:\\p\\agents.cjs:5:6)'],
    ['new Promise (<anonymous>)', undefined],
  ] as const) {
    it(`is read from: ${frame}`, () => expect(shown(frame)).to.equal(text));
  }

  it('is found in what an error is caused by, too', () => {
    const error = Object.assign(new Error('outer'), { stack: stack('node:fs:1:2') });
    Object.assign(error, {
      cause: Object.assign(new Error('inner'), { stack: stack('f (/p/a.js:1:2)'), cause: error }),
    });
    const all = stackOf(error) ?? '';
    expect(all.match(/caused by/g)).to.have.length(1);
    expect(userFrame(all)?.file).to.equal('/p/a.js');
    expect(stackOf({})).to.equal(undefined);
  });
});

describe('what an agent throws', () => {
  it('is an answer when the agent gave it a code, and a mistake otherwise', () => {
    expect(isMistake(new TypeError('x'))).to.equal(true);
    expect(isMistake(Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' }))).to.equal(true);
    expect(isMistake(Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'open' }))).to.equal(true);
    expect(isMistake(Object.assign(new Error('x'), { code: 'NO_README' }))).to.equal(false);
    expect(isMistake(new RepriseError('REPRISE_OUTPUT_INVALID', 'x'))).to.equal(false);
  });
});
