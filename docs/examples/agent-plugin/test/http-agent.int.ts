import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReprise, isRepriseError, workflow } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { httpAgent } from '../http-agent.ts';

describe('an agent that a plugin brings', () => {
  it('does the tasks that ask for it by its name', async () => {
    const server = createServer((request, response) => {
      request.pipe(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const echo = workflow<{ text: string }>('echo').task('send', 'echo').build();
    const plugins = [httpAgent({ name: 'echo', url: `http://127.0.0.1:${port}/` })];
    const reprise = await createReprise({ workflows: [echo], plugins });
    await reprise.start();
    const run = await reprise.startRun(echo, { text: 'tea' });
    expect(await run.result()).to.deep.equal({ text: 'tea' });
    await reprise.stop();
    server.close();
  });

  it('refuses what is no URL', () => {
    const make = () => httpAgent({ name: 'echo', url: 'tea' });
    expect(make)
      .to.throw(Error)
      .and.to.satisfy((error: unknown) => isRepriseError(error, 'REPRISE_CONFIG_INVALID'));
  });
});
