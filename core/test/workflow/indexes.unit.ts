import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { PathIndex, pathsAround } from '../../src/orchestration/workflow/path-index.ts';
import { UndoIndex } from '../../src/orchestration/workflow/undo-index.ts';

const segment = fc.constantFrom('a', 'b', 'a[0]', 'a[1]', 'ab');
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const isIn = (id: string, block: string): boolean =>
  block === '' || id === block || id.startsWith(`${block}/`) || id.startsWith(`${block}[`);

describe('what a path is in', () => {
  it('is every item, list and block around it, the run last', () => {
    expect([...pathsAround('a/b[3]/c')]).to.deep.equal(['a/b[3]/c', 'a/b[3]', 'a/b', 'a', '']);
    expect([...pathsAround('')]).to.deep.equal(['']);
  });
});

describe('the index by paths', () => {
  it('finds what a look at everything would', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(path, fc.boolean(), fc.constantFrom('k', 'l'))), path, (steps, asked) => {
        const index = new PathIndex();
        const there = new Map<string, string>();
        for (const [id, comes, value] of steps) {
          if (comes) index.add(id, id, value);
          else index.delete(id);
          if (!comes) there.delete(id);
          else if (!there.has(id)) there.set(id, value);
        }
        for (const at of [asked, '', 'a']) {
          const values = [...there].filter(([id]) => isIn(id, at)).map(([, value]) => value);
          expect([...index.within(at)].sort()).to.deep.equal([...new Set(values)].sort());
          expect(index.hasWithin(at)).to.equal(values.length > 0);
        }
        expect(index.size).to.equal(there.size);
      }),
    );
  });
});

interface Done {
  readonly taskId: string;
  readonly attempt: number;
  readonly revision: number;
  readonly place: number;
}

describe('the index of what is to be undone', () => {
  it('gives what was done last in a path, whatever was taken out, and in which order it came', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(path, fc.nat(5), fc.boolean())), (steps) => {
        const index = new UndoIndex<Done>();
        const there: Done[] = [];
        for (const [place, [taskId, revision, comes]] of steps.entries()) {
          const last = there.toSorted((a, b) => a.revision - b.revision).at(-1);
          if (comes || last === undefined) {
            const entry = { taskId, attempt: place + 1, revision, place };
            index.add(entry, '');
            there.push(entry);
          } else {
            index.delete(last);
            there.splice(there.indexOf(last), 1);
          }
          for (const at of ['', 'a', 'a[0]', 'b/a']) {
            const within = there.filter((entry) => isIn(entry.taskId, at));
            const highest = Math.max(-1, ...within.map((entry) => entry.revision));
            expect(index.last(at)?.revision ?? -1).to.equal(highest);
            expect([...index.all(at)]).to.have.members(within);
          }
        }
        for (const entry of there) expect(index.find(`${entry.taskId}@${entry.attempt}`)).to.equal(entry);
      }),
    );
  });
});
