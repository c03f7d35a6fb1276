import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { isTaskPath, MAX_LEVELS, TASK_ID_PATTERN, taskPaths } from '../../src/shared/task-path.ts';

const segment = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const index = fc.integer({ min: 0, max: 999_999_999 });
const level = fc.tuple(segment, fc.option(index));

describe('the path of a task', () => {
  it('leads from a list to its items and back, dots or not', () => {
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: MAX_LEVELS }), index, (levels, at) => {
        const { item, itemOf, definition } = taskPaths(3);
        const list = levels.map(([name]) => name).join('/');
        const path = levels.map(([name, place]) => (place === null ? name : item(name, place))).join('/');
        expect(isTaskPath(path)).to.equal(true);
        expect(definition(path)).to.equal(list);
        expect(itemOf(item(path, at))).to.deep.equal({ list: path, index: at });
        if (levels.at(-1)?.[1] === null) expect(itemOf(path)).to.equal(undefined);
      }),
    );
  });

  it('is written with dots in histories of rules 1 and 2', () => {
    for (const rules of [1, 2]) {
      const { item, itemOf, definition } = taskPaths(rules);
      expect(item('inspect', 12)).to.equal('inspect.12');
      expect(itemOf('inspect.12')).to.deep.equal({ list: 'inspect', index: 12 });
      expect([definition('inspect.12'), definition('inspect'), itemOf('inspect')]).to.deep.equal([
        'inspect',
        'inspect',
        undefined,
      ]);
    }
  });

  it('has a form, and an end', () => {
    for (const path of ['a', 'a.b', 'a[0]', 'a[12]/b', '1/2/3', `${'a/'.repeat(15)}a`, `a${'b'.repeat(127)}`])
      expect(isTaskPath(path), path).to.equal(true);
    for (const path of [
      '',
      '/',
      'a/',
      '/a',
      'a//b',
      'a[01]',
      'a[-1]',
      'a[1][2]',
      '[1]',
      'a[1]b',
      '.a',
      '-a',
      'a b',
      'a[1000000000]',
      `${'a/'.repeat(16)}a`,
      `a${'b'.repeat(128)}`,
      `${`${'a'.repeat(120)}/`.repeat(9)}a`,
    ])
      expect(isTaskPath(path), path).to.equal(false);
    expect(TASK_ID_PATTERN.test('a/b')).to.equal(false);
    expect(TASK_ID_PATTERN.test('a[1]')).to.equal(false);
  });
});
