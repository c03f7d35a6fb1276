import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createReprise, isRepriseError, type RepriseError } from '@reprise/core';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { loadPlugins, pluginStandings } from '../src/config/load-plugins.ts';
import { readPluginFile } from '../src/config/plugin-file.ts';
import { readConfig } from '../src/config/read-config.ts';
import { locateStore } from '../src/store/locate-store.ts';
import { type Files, monitorModule, monitorPackage, write } from './plugin-projects.ts';
import { temporaryFolders } from './support.ts';

const folders = temporaryFolders();

async function refusal(action: () => Promise<unknown>): Promise<RepriseError> {
  try {
    await action();
  } catch (error) {
    if (isRepriseError(error)) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const entry = { use: '@acme/monitor-slack', version: '1.4.2', options: { channel: '#runs' } };
const list = (...plugins: readonly object[]): object => ({ plugins });

/** A project with a package that is installed by hand. */
const projectWith = (files: Files, slack: Files = monitorPackage()): string =>
  write(folders(), {
    'reprise.config.json': {},
    ...Object.fromEntries(
      Object.entries(slack).map(([name, text]) => [`node_modules/@acme/monitor-slack/${name}`, text]),
    ),
    ...files,
  });

const load = async (folder: string, config = 'reprise.config.json') =>
  loadPlugins(await readConfig(join(folder, config)));

const STORE = `import { createInMemoryStorage } from '${import.meta.resolve('@reprise/core')}';
export default () => ({ name: 'history', kind: 'event-store', create: () => createInMemoryStorage() });\n`;
const storePackage = (kind: object = { reprise: { kind: 'event-store' } }): Files => ({
  'node_modules/history/package.json': {
    name: 'history',
    version: '2.0.0',
    type: 'module',
    exports: './index.js',
    ...kind,
  },
  'node_modules/history/index.js': STORE,
});

describe('reprise.plugins.json', () => {
  it('need not be there', async () => {
    expect((await readPluginFile(folders())).plugins).to.deep.equal([]);
  });

  const ways: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', '{ "plugins": [', /is not JSON:\n {2}1:15 /],
    ['a comma too many', '{\n  "plugins": [],\n}', /3:1 /],
    ['an empty file', '', /1:1 .*JSON/],
    ['a list', '[]', /1:1 it is not an object/],
    ['an unknown key', '{ "plugin": [] }', /1:3 plugin is not known; did you mean 'plugins'\?/],
    ['no list', '{ "plugins": {} }', /1:3 plugins must be a list/],
    ['an entry that is text', '{ "plugins": ["@acme/x"] }', /plugins\[0\] must be an object/],
    [
      'an entry without use',
      '{ "plugins": [{ "uses": "x" }] }',
      /plugins\[0\]\.uses is not known; did you mean 'use'[\s\S]*has no use/,
    ],
    ['a use that is no text', '{ "plugins": [{ "use": 3 }] }', /1:17 plugins\[0\]\.use must be text/],
    [
      'a range for a version',
      '{ "plugins": [{ "use": "x", "version": "^1.0.0" }] }',
      /version must be one exact version/,
    ],
    ['an integrity that is none', '{ "plugins": [{ "use": "x", "integrity": "abc" }] }', /integrity must be a hash/],
    ['a key twice', '{ "plugins": [{ "use": "x", "use": "y" }] }', /1:\d+ /],
    ['an entry twice', '{ "plugins": [{ "use": "x" }, { "use": "x" }] }', /plugins\[1\] is plugins\[0\] once more/],
  ];
  for (const [what, text, said] of ways) {
    it(`is refused with ${what}, and says where`, async () => {
      const folder = write(folders(), { 'reprise.config.json': {}, 'reprise.plugins.json': text });
      const error = await refusal(() => load(folder));
      expect(error.code).to.equal('REPRISE_CONFIG_INVALID');
      expect(error.message).to.contain(join(folder, 'reprise.plugins.json')).and.to.match(said);
    });
  }

  it('brings plugins after those of the configuration', async () => {
    const folder = projectWith({
      'reprise.config.json': { plugins: ['./own.js'] },
      'own.js': monitorModule('own'),
      'reprise.plugins.json': list(entry),
    });
    expect((await load(folder)).map(({ name }) => name)).to.deep.equal(['own', 'slack']);
  });

  it('gives way to what the configuration names itself', async () => {
    const options = { channel: '#code' };
    const module = monitorModule('slack', 'if (options.channel !== "#code") throw new Error("the file won");');
    const folder = projectWith(
      {
        'reprise.config.json': { plugins: [{ use: entry.use, options }] },
        'reprise.plugins.json': list(entry),
      },
      monitorPackage({}, { 'index.js': module }),
    );
    expect(await load(folder)).to.have.length(1);
    const standings = await pluginStandings(await readConfig(join(folder, 'reprise.config.json')));
    expect(standings[1]?.shadowedBy).to.contain('names @acme/monitor-slack itself');
  });

  it('gives way to a plugin of the same name and kind that the configuration made itself', async () => {
    const folder = projectWith({
      'reprise.config.js': `import slack from '@acme/monitor-slack';\nexport default { plugins: [slack({})] };`,
      'reprise.plugins.json': list(entry),
    });
    expect(await load(folder, 'reprise.config.js')).to.have.length(1);
  });

  it('does not even load an event store that the configuration has one in the place of', async () => {
    for (const config of [{ store: { path: 'x.db' } }, { plugins: ['./own.js'] }]) {
      const folder = write(folders(), {
        'reprise.config.json': config,
        'own.js': STORE,
        ...storePackage(),
        'node_modules/history/index.js': 'throw new Error("loaded");',
        'reprise.plugins.json': list({ use: 'history' }),
      });
      const standings = await pluginStandings(await readConfig(join(folder, 'reprise.config.json')));
      expect(standings.at(-1)?.shadowedBy).to.match(/`store` of the configuration|the event-store 'history'/);
      expect(standings.at(-1)).not.to.have.property('error');
    }
  });

  it('may not bring two event stores', async () => {
    const folder = write(folders(), {
      'reprise.config.json': {},
      ...storePackage(),
      'other.js': STORE,
      'reprise.plugins.json': list({ use: 'history' }, { use: './other.js' }),
    });
    const error = await refusal(() => load(folder));
    expect(error.code).to.equal('REPRISE_CONFIG_INVALID');
    expect(error.message).to.contain('history').and.to.contain('./other.js').and.to.contain('plugins remove');
  });

  it('says which package is missing, and what to do', async () => {
    const folder = write(folders(), { 'reprise.config.json': {}, 'reprise.plugins.json': list(entry) });
    const error = await refusal(() => load(folder));
    expect(error.code).to.equal('REPRISE_PLUGIN_INVALID');
    expect(error.message)
      .to.contain('@acme/monitor-slack@1.4.2')
      .and.to.contain('npm install')
      .and.to.contain('plugins remove');
  });

  describe('with an event store', () => {
    for (const [what, says] of [
      ['that says so', { reprise: { kind: 'event-store' } }],
      ['that says nothing', {}],
    ] as const) {
      it(`${what}: it is found, though a default store is there and the configuration does not speak of one`, async () => {
        const folder = write(folders(), {
          'reprise.config.js': 'export default {};',
          '.reprise/reprise.db': '',
          ...storePackage(says),
          'reprise.plugins.json': list({ use: 'history' }),
        });
        expect((await locateStore({}, folder)).where).to.equal("plugin 'history'");
        mkdirSync(join(folder, 'deep'));
        expect((await locateStore({}, join(folder, 'deep'))).where).to.equal("plugin 'history'");
        expect((await locateStore({ store: 'x.db' }, folder)).path).to.equal(join(folder, 'x.db'));
      });
    }

    it('that is missing: no other store is taken for it', async () => {
      const folder = write(folders(), {
        'reprise.config.js': 'export default {};',
        '.reprise/reprise.db': '',
        'reprise.plugins.json': list({ use: 'history', version: '2.0.0' }),
      });
      expect((await refusal(() => locateStore({}, folder))).code).to.equal('REPRISE_PLUGIN_INVALID');
    });

    it('and a monitor: to find the store, the monitor is not loaded', async () => {
      const folder = projectWith(
        { ...storePackage(), 'reprise.plugins.json': list({ use: 'history' }, entry), '.reprise/reprise.db': '' },
        monitorPackage({}, { 'index.js': 'throw new Error("loaded");' }),
      );
      expect((await locateStore({}, folder)).where).to.equal("plugin 'history'");
    });
  });

  it('has paths that are relative to the configuration, where the schema of the package says that they are paths', async () => {
    const schema = {
      properties: {
        file: { type: 'string', format: 'path' },
        name: { type: 'string' },
        in: { type: 'object', properties: { deep: { type: ['string', 'integer'], format: 'path' } } },
      },
    };
    const says = { reprise: { kind: 'monitor', options: './options.schema.json' } };
    const body = 'globalThis.optionsOfSlack = options;';
    const slack = monitorPackage(says, { 'index.js': monitorModule('slack', body), 'options.schema.json': schema });
    const given = (deep: string | number) => ({ file: 'log/a.txt', name: 'b/c', in: { deep }, more: './d' });
    const seen = (): unknown => (globalThis as { optionsOfSlack?: unknown }).optionsOfSlack;
    const folder = projectWith({ 'reprise.plugins.json': list({ ...entry, options: given('../e') }) }, slack);
    await load(folder);
    expect(seen()).to.deep.equal({
      file: join(folder, 'log/a.txt'),
      name: 'b/c',
      in: { deep: join(folder, '../e') },
      more: './d',
    });
    const named = projectWith({ 'reprise.config.json': { plugins: [{ use: entry.use, options: given(2) }] } }, slack);
    await load(named);
    expect(seen()).to.deep.include({ file: join(named, 'log/a.txt'), in: { deep: 2 } });
  });

  describe('with values from the environment', () => {
    const secret = 'xoxb-very-secret';
    const withToken = (body: string, options: object = { auth: { token: { env: 'SLACK_TOKEN' } } }): string =>
      projectWith(
        { 'reprise.plugins.json': list({ ...entry, options }) },
        monitorPackage({}, { 'index.js': monitorModule('slack', body) }),
      );
    afterEach(() => {
      delete process.env['SLACK_TOKEN'];
    });

    it('hands them to the plugin', async () => {
      process.env['SLACK_TOKEN'] = secret;
      const body = `if (options.auth.token !== '${secret}') throw new Error('no');`;
      expect(await load(withToken(body))).to.have.length(1);
    });

    it('says which plugin and option a variable is missing for', async () => {
      for (const value of [undefined, '']) {
        if (value !== undefined) process.env['SLACK_TOKEN'] = value;
        const error = await refusal(() => load(withToken('')));
        expect(error.code).to.equal('REPRISE_PLUGIN_OPTIONS_INVALID');
        expect(error.message).to.contain('@acme/monitor-slack').and.to.contain('auth.token (SLACK_TOKEN)');
      }
    });

    it('never shows one, whatever the plugin says of it', async () => {
      process.env['SLACK_TOKEN'] = `${secret}"\\`;
      for (const body of [
        'throw new Error("bad " + options.auth.token);',
        'throw new Error(JSON.stringify(options));',
      ]) {
        const error = await refusal(() => load(withToken(body)));
        expect(error.message).to.contain('[SLACK_TOKEN]');
        expect(`${error.message}${error.stack}${String(error.cause)}`).not.to.contain(secret);
      }
    });

    it('shows none either when the plugin is made, as it is or in an address', async () => {
      process.env['SLACK_TOKEN'] = `${secret}"/`;
      for (const thrown of ['new Error(token + encodeURIComponent(token))', 'token']) {
        const body = `const { token } = options.auth; return { name: 'slack', kind: 'monitor', create() { throw ${thrown}; } };`;
        const error = await refusal(async () => createReprise({ plugins: await load(withToken(body)) }));
        expect(error.code).to.equal('REPRISE_PLUGIN_INVALID');
        expect(error.message).to.contain("'slack'").and.to.contain('[SLACK_TOKEN]');
        expect(`${error.message}${error.stack}${String(error.cause)}`).not.to.contain(secret);
      }
    });

    it('leaves other objects with an env alone', async () => {
      const body = 'if (options.env !== "X" || options.more !== 1) throw new Error("no");';
      expect(await load(withToken(body, { env: 'X', more: 1 }))).to.have.length(1);
    });
  });
});
