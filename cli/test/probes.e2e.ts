import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { projects, Running, reprise } from './support.ts';

const project = projects();

interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: { readonly status: string; readonly checks?: readonly Check[] };
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly since: string;
  readonly detail: string;
}

function ask(url: string, method = 'GET'): Promise<Said> {
  const { promise, resolve, reject } = Promise.withResolvers<Said>();
  request(url, { method }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        body: text === '' ? { status: '' } : JSON.parse(text),
      }),
    );
  })
    .on('error', reject)
    .end();
  return promise;
}

const urlOf = async (running: Running): Promise<string> => {
  await running.saw(/Probes: \S+\/livez/);
  return /Probes: (\S+)\/livez/.exec(running.stderr)?.[1] ?? '';
};

const failing = ({ body }: Said): readonly string[] =>
  (body.checks ?? []).filter(({ ok }) => !ok).map(({ name }) => name);

describe('probes', () => {
  for (const command of [
    ['orchestrator', 'start'],
    ['worker', 'start'],
  ])
    it(`${command.join(' ')} on the embedded default: live, ready, draining at once on SIGTERM`, async () => {
      const cwd = project();
      await reprise(['run', 'start', 'stubborn', '--input', '{"ms":1500}', '--id', 'slow'], { cwd });
      const running = new Running([...command, '--health-port', '0', '--log', 'silent'], { cwd });
      const url = await urlOf(running);
      expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
      await running.saw(/Driving/);
      const ready = await ask(`${url}/readyz`);
      expect(ready.status, ready.text).to.equal(200);
      expect(ready.body.checks?.map(({ name }) => name)).to.have.members([
        'start',
        'store',
        'transport',
        'ownership',
        'draining',
      ]);
      for (const { since } of ready.body.checks ?? []) expect(Date.parse(since)).to.be.closeTo(Date.now(), 60_000);
      expect((await ask(`${url}/livez`)).body).to.deep.equal({ status: 'live' });
      // The attempt that it waits for has begun.
      await running.saw(/open run/);
      await new Promise((resolve) => setTimeout(resolve, 300));
      running.child.kill('SIGTERM');
      await running.saw(/Stopping\./);
      const draining = await ask(`${url}/readyz`);
      expect(draining.status).to.equal(503);
      expect(failing(draining)).to.include('draining');
      expect((await ask(`${url}/livez`)).status).to.equal(200);
      const { code } = await running.ended;
      expect(code).to.equal(143);
      expect(await ask(`${url}/livez`).catch(({ code: failed }) => failed)).to.equal('ECONNREFUSED');
    });

  it('one that waits for another process to end is ready, and says what it is', async () => {
    const cwd = project();
    const first = new Running(['worker', 'start', '--log', 'silent'], { cwd });
    await first.saw(/Driving/);
    const second = new Running(['worker', 'start', '--health-port', '0', '--log', 'silent'], { cwd });
    const url = await urlOf(second);
    await second.saw(/waiting to take over/);
    const before = await ask(`${url}/readyz`);
    expect(before.status, before.text).to.equal(200);
    expect(before.body.checks?.find(({ name }) => name === 'ownership')?.detail).to.equal('client');
    first.child.kill('SIGTERM');
    await second.saw(/The other process has ended/);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const taken = await ask(`${url}/readyz`);
    expect(taken.status, taken.text).to.equal(200);
    expect(taken.body.checks?.find(({ name }) => name === 'ownership')?.detail).to.equal('driver');
    second.child.kill('SIGTERM');
    await second.ended;
  });

  it('serve nothing else, and survive what is no request', async () => {
    const running = new Running(['worker', 'start', '--health-port', '0', '--log', 'silent'], { cwd: project() });
    const url = await urlOf(running);
    await running.saw(/Driving/);
    for (const path of ['/', '/runs', '/readyz/', '/__proto__', '/toString'])
      expect((await ask(url + path)).status, path).to.equal(404);
    expect((await ask(`${url}/livez?verbose`)).status).to.equal(200);
    const head = await ask(`${url}/readyz`, 'HEAD');
    expect([head.status, head.text]).to.deep.equal([200, '']);
    const posted = await ask(`${url}/readyz`, 'POST');
    expect([posted.status, posted.headers['allow']]).to.deep.equal([405, 'GET, HEAD']);
    expect(Number((await ask(`${url}/readyz`)).headers['content-length'])).to.be.below(4096);
    const port = Number(new URL(url).port);
    for (const bytes of ['\0\x01nonsense\r\n\r\n', `GET /livez HTTP/1.1\r\nx: ${'y'.repeat(64_000)}\r\n\r\n`, '']) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(bytes);
      if (bytes === '') socket.destroy();
      else socket.resume();
      await once(socket, 'close');
    }
    expect((await ask(`${url}/livez`)).status).to.equal(200);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).to.equal(143);
  });

  it('are refused where they cannot be, before anything has started', async () => {
    const cwd = project();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const busy = await reprise(['worker', 'start', '--health-port', String(port)], { cwd });
    taken.close();
    expect(busy.code).to.equal(4);
    expect(busy.stderr).to.match(/REPRISE_CONFIG_INVALID[\s\S]*another program does/);
    const alien = ['--health-port', '0', '--health-host', '203.0.113.9'];
    const elsewhere = await reprise(['orchestrator', 'start', ...alien], { cwd });
    expect(elsewhere.code).to.equal(4);
    expect(elsewhere.stderr).to.contain('no address of this machine');
    for (const flags of [
      ['--health-host', '0.0.0.0'],
      ['--health-port', '65536'],
      ['--health-port', '0', '--health-host', 'all'],
    ]) {
      const refused = await reprise(['worker', 'start', ...flags], { cwd });
      expect(refused.code, flags.join(' ')).to.equal(2);
      expect(refused.stderr).to.contain('REPRISE_USAGE');
    }
  });

  it('go beyond the machine only when that is asked for', async () => {
    const args = ['worker', 'start', '--health-port', '0', '--health-host', '0.0.0.0', '--log', 'silent'];
    const running = new Running(args, { cwd: project() });
    const url = await urlOf(running);
    expect(url).to.match(/^http:\/\/0\.0\.0\.0:\d+$/);
    expect((await ask(`http://127.0.0.1:${new URL(url).port}/livez`)).status).to.equal(200);
    running.child.kill('SIGTERM');
    await running.ended;
  });
});
