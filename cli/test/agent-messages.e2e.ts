import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { jsonLines, projects, reprise } from './support.ts';

const project = projects();

const CONFIG = `
import { defineAgent, workflow } from '@reprise/core';

const writer = defineAgent({ name: 'writer', handle: async (_, { messages }) => { await messages.send('reader', { n: 1 }, { type: 'draft' }); } });
const reader = defineAgent({ name: 'reader', handle: async (_, { messages }) => { await messages.ack(await messages.receive()); } });
const idle = defineAgent({ name: 'idle', handle: () => null });
const talk = workflow('talk').task('writer', writer, { may: 'send' }).task('reader', reader).build();
export default { workflows: [talk], agents: [writer, reader, idle] };
`;

describe('agent messages', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise([...args, '-c', 'talk.config.mjs'], { cwd });

  before(async () => {
    cwd = project();
    writeFileSync(join(cwd, 'talk.config.mjs'), CONFIG);
    for (const id of ['t-1', 't-2']) {
      const { code, stderr } = await say('run', 'start', 'talk', '--id', id, '--wait');
      expect(code, stderr).to.equal(0);
    }
  });

  it('are those that its attempts sent and had, in whatever run', async () => {
    const { stdout } = await say('agent', 'messages', 'writer');
    expect(stdout).to.match(
      /^RUN +MESSAGE +SENT +HOW +FROM +TO +ABOUT +BECAME\nt-2 .* sent +writer +reader +inform draft +acknowledged by reader\nt-1 /,
    );
    expect(stdout).to.not.contain('had');
    const [had] = jsonLines((await say('agent', 'messages', 'reader', '--query', 'id:t-1', '--data', '--json')).stdout);
    expect(had).to.deep.include({ agent: 'reader', runs: 1, more: false });
    const messages = had?.['messages'] as Record<string, unknown>[];
    expect(messages).to.have.length(1);
    expect(messages[0]).to.deep.include({ runId: 't-1', how: 'had', from: 'writer', type: 'draft', data: { n: 1 } });
    const ids = await say('agent', 'messages', 'writer', '-n', '1', '--format', 'ids');
    expect(ids.stdout).to.match(/^t-2 \S+\n$/);
  });

  it('are none of an agent that had nothing to do with any; a name that nobody has is told', async () => {
    const none = await say('agent', 'messages', 'idle');
    expect([none.code, none.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 0 && /'idle' sent and had no message in 2 runs/.test(err),
    );
    const wrong = await say('agent', 'messages', 'writr');
    expect([wrong.code, wrong.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 2 && /did you mean 'writer'/.test(err),
    );
  });
});
