import { isRepriseError, type RepriseError } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { identifierOf, kebabName, projectNamed } from '../src/projects/names.ts';

function refusal(action: () => unknown): RepriseError {
  try {
    action();
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_NAME_INVALID')) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const TAKEN = new Set(['zod', '@reprise/core']);

describe('the name of a project', () => {
  for (const [name, folder] of [
    ['a', 'a'],
    ['my-project', 'my-project'],
    ['my.project_2', 'my.project_2'],
    ['2048', '2048'],
    ['@acme/reprise-monitor-slack', 'reprise-monitor-slack'],
    [' padded ', 'padded'],
  ] as const) {
    it(`may be ${JSON.stringify(name)}`, () => {
      expect(projectNamed(name, TAKEN)).to.deep.equal({ name: name.trim(), folder });
    });
  }

  for (const name of [
    ...['../up', 'a/b', './here', '/tmp/abs', 'C:\\abs', 'C:abs', '..\\up', '.', '..', '@a/b/c', '@a/../b'],
    ...[
      '',
      ' ',
      'My-Project',
      'two words',
      '.hidden',
      '_under',
      '-dash',
      'ends-',
      'ends.',
      'tab\tname',
      'naïve',
      'a\u0000b',
    ],
    ...['~', 'a~b', 'a;b', 'a$b', '@acme/', '@/a', '@acme', '@acme/.a', '@Acme/a', 'a\n'.repeat(2)],
    ...['node_modules', '@a/node_modules', 'http', 'fs/promises', 'node:fs', 'zod', '@reprise/core', 'con', '@a/nul'],
    'x'.repeat(215),
  ]) {
    it(`may not be ${JSON.stringify(name.slice(0, 30))}`, () => {
      const { message, fix } = refusal(() => projectNamed(name, TAKEN));
      expect(message).to.match(/^A project cannot be called /);
      expect(fix).to.not.equal('');
    });
  }

  for (const [typed, meant] of [
    ['MyProject', 'my-project'],
    ['../some/My First Project!', 'my-first-project'],
    ['C:\\work\\App_2', 'app-2'],
    ['.hidden', 'hidden'],
  ] as const) {
    it(`${typed} was probably to be ${meant}`, () => {
      expect(refusal(() => projectNamed(typed, TAKEN)).details).to.include({ suggestion: meant });
    });
  }
});

describe('the name of something in a project', () => {
  it('is in kebab-case', () => {
    for (const name of ['a', 'nightly-report', 'x2', 'a-1-b']) expect(kebabName(name)).to.equal(name);
    for (const name of ['', 'A', 'aB', 'a_b', 'a--b', '-a', 'a-', '1a', '../a', 'a.b', 'a b', 'nul', 'a'.repeat(65)]) {
      refusal(() => kebabName(name));
    }
  });

  it('becomes a variable', () => {
    expect(identifierOf('nightly-report', 'Workflow')).to.equal('nightlyReport');
    expect(identifierOf('class', 'Workflow')).to.equal('classWorkflow');
    expect(identifierOf('slack', 'Monitor', true)).to.equal('slackMonitor');
    expect(identifierOf('slack-monitor', 'Monitor', true)).to.equal('slackMonitor');
    expect(identifierOf('a-1-b', 'Agent')).to.equal('a1B');
  });
});
