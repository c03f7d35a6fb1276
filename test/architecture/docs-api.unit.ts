import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type ApiName, isDocumented, namesOf } from '../../scripts/docs/api/declarations.ts';
import { apiModules } from '../../scripts/docs/api/modules.ts';
import { renderApi } from '../../scripts/docs/api/render.ts';

// Of what the build made (`npm run setup`): the declarations say what callers see, and what the sources say of it.

describe('the API pages', () => {
  it('have every package that has something to import', () => {
    expect(apiModules().map(({ name }) => name)).to.include.members([
      '@reprise/core',
      '@reprise/core/plugin',
      '@reprise/core/testing',
      '@reprise/transport-kafka',
      '@reprise/conformance',
    ]);
  });

  for (const module of apiModules()) {
    it(`say of every name of ${module.name} what it is`, () => {
      const untold = namesOf(module).filter((name) => !isDocumented(name));
      expect(
        untold.map(({ name, source }) => `${name} of ${source} has no docstring, nor has every member of it one`),
      ).to.deep.equal([]);
    });
  }

  it('have every name', () => {
    const text = [...renderApi().pages.values()].join('\n');
    for (const module of apiModules()) {
      for (const { name, code } of namesOf(module)) {
        expect(text).to.match(new RegExp(`^## ${name.replace('$', '\\$')}$`, 'm'));
        expect(text).to.contain(code);
      }
    }
  });

  it('tell a name that is told from one that is not', () => {
    const one: ApiName = { name: 'A', kind: 'interface', text: '', code: '', source: 'a.ts' };
    const member = '    /** What. */\n    readonly a: string;\n';
    expect(isDocumented({ ...one, code: `interface A {\n${member}}` })).to.equal(true);
    expect(isDocumented({ ...one, code: `interface A {\n${member}    b(): void;\n}` })).to.equal(false);
    expect(isDocumented({ ...one, kind: 'type', code: 'type A = 1;' })).to.equal(false);
    expect(isDocumented({ ...one, kind: 'type', text: 'What.', code: 'type A = 1;' })).to.equal(true);
  });
});
