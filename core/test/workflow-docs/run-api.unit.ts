import { readFileSync } from 'node:fs';
import { ERROR_CODES, RunHandle } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { pathOf } from './event-types.ts';

// docs/reference/run-api.md says of every command of a handle with which codes it may be refused.

const PAGE = readFileSync(pathOf('docs/reference/run-api.md'), 'utf8');
const sections = new Map(
  PAGE.split(/^## /m)
    .slice(1)
    .flatMap((text) => {
      const [title = '', ...lines] = text.split('\n');
      return title.split(', ').map((name) => [name, lines.join('\n')] as const);
    }),
);

const codesIn = (text: string): readonly string[] => [...new Set(text.match(/REPRISE_[A-Z_]+/g))].sort();

/** What only waits and looks. */
const READING = ['outcome', 'result', 'state', 'explain', 'follow'];

/** The files in which a command is decided, or is checked on its way. */
const WORKFLOW = 'core/src/orchestration/workflow';
const DECIDED_IN: Readonly<Record<string, readonly string[]>> = {
  addTasks: ['decisions/add-tasks.ts', 'decisions/added-edges.ts', 'decisions/added-place.ts'],
  addItems: ['decisions/add-items.ts'],
  link: ['outside/link.ts'],
  unlink: ['outside/unlink.ts'],
  skip: ['outside/task-under-way.ts'],
  override: ['outside/override.ts'],
  setPriority: ['outside/set-priority.ts'],
};

describe('the page of what may be done to a run', () => {
  it('has each command of a handle, and nothing else', () => {
    const commands = Object.getOwnPropertyNames(RunHandle.prototype).filter(
      (name) => name !== 'constructor' && !READING.includes(name),
    );
    expect([...sections.keys()].filter((name) => name !== 'What holds for all of them').sort()).to.deep.equal(
      commands.sort(),
    );
  });

  it('names no code that there is not', () => {
    expect(codesIn(PAGE).filter((code) => !Object.hasOwn(ERROR_CODES, code))).to.deep.equal([]);
  });

  for (const [command, files] of Object.entries(DECIDED_IN)) {
    it(`has every code that ${command} is refused with`, () => {
      const used = files.flatMap((file) => codesIn(readFileSync(pathOf(`${WORKFLOW}/${file}`), 'utf8')));
      const all = codesIn(sections.get('What holds for all of them') ?? '');
      const said = new Set([...codesIn(sections.get(command) ?? ''), ...all]);
      expect(used.filter((code) => !said.has(code))).to.deep.equal([]);
    });
  }
});
