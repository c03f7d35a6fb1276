import { RepriseError } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { client, codeOf, fakeSource } from './support.ts';

interface Told {
  readonly event: string;
  readonly id: string;
  readonly data: { readonly position?: string; readonly runs?: readonly { readonly runId: string }[] };
}

/** Reads messages of a stream one by one. */
function reader(response: Response) {
  const bytes = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  const next = async (): Promise<Told | undefined> => {
    for (;;) {
      const cut = text.indexOf('\n\n');
      if (cut >= 0) {
        const lines = new Map(
          text
            .slice(0, cut)
            .split('\n')
            .map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        text = text.slice(cut + 2);
        if (!lines.has('event')) continue;
        return {
          event: lines.get('event') ?? '',
          id: lines.get('id') ?? '',
          data: JSON.parse(lines.get('data') ?? '{}'),
        };
      }
      const { value, done } = await bytes.read();
      if (done) return undefined;
      text += decoder.decode(value, { stream: true });
    }
  };
  return { next, cancel: () => bytes.cancel() };
}

describe('the stream of the dashboard', () => {
  it('begins with where it is, then tells what was appended, gathered by run', async () => {
    const { source, call } = await client();
    const response = await call('/api/v1/stream');
    expect(response.headers.get('content-type')).to.equal('text/event-stream');
    const { next, cancel } = reader(response);
    expect(await next()).to.deep.equal({ event: 'snapshot', id: '7', data: { position: '7' } });
    source.listener?.onChange({ position: '8', runs: [{ runId: 'a', revision: 3, types: ['TaskStarted'] }] });
    source.listener?.onChange({
      position: '9',
      runs: [
        { runId: 'a', revision: 4, types: ['TaskCompleted'] },
        { runId: 'b', revision: 0, types: ['RunStarted'] },
      ],
    });
    expect(await next()).to.deep.equal({
      event: 'change',
      id: '9',
      data: {
        position: '9',
        runs: [
          { runId: 'a', revision: 4, types: ['TaskStarted', 'TaskCompleted'] },
          { runId: 'b', revision: 0, types: ['RunStarted'] },
        ],
      },
    });
    await cancel();
    expect(source.closed).to.equal(1);
  });

  it('goes on where a browser was, and says when it has missed too much', async () => {
    const { source, call } = await client();
    const { next, cancel } = reader(await call('/api/v1/stream', { headers: { 'last-event-id': '00042' } }));
    expect((await next())?.id).to.equal('00042');
    expect(source.asked).to.deep.equal([['follow', '00042']]);
    source.listener?.onReset('00099');
    expect(await next()).to.deep.equal({ event: 'reset', id: '00099', data: { position: '00099' } });
    await cancel();
  });

  it('ends with the server, with its source, and for a browser that does not read', async () => {
    const one = await client();
    const first = reader(await one.call('/api/v1/stream'));
    await first.next();
    one.closing.abort();
    expect(await first.next()).to.equal(undefined);
    const other = await client();
    const second = reader(await other.call('/api/v1/stream'));
    await second.next();
    other.source.listener?.onError(new Error('gone'));
    expect(await second.next()).to.equal(undefined);
    const lazy = await client();
    await lazy.call('/api/v1/stream');
    for (let at = 0; at < 100; at += 1) lazy.source.listener?.onReset(String(at));
    expect(lazy.source.closed).to.equal(1);
  });

  it('refuses what is no position', async () => {
    const { call, source } = await client();
    expect((await call('/api/v1/stream', { headers: { 'last-event-id': '<script>' } })).status).to.equal(400);
    expect(source.asked).to.deep.equal([]);
    const follow = async () =>
      Promise.reject(new RepriseError('REPRISE_INVALID_ID', "'7' is no position of this store."));
    const other = await client({ source: fakeSource({ follow }) });
    const refused = await other.call('/api/v1/stream', { headers: { 'last-event-id': '7' } });
    expect([refused.status, await codeOf(refused)]).to.deep.equal([400, 'REPRISE_INVALID_ID']);
    const failing = await client({ source: fakeSource({ follow: async () => Promise.reject(new Error('secret')) }) });
    const failed = await failing.call('/api/v1/stream');
    expect([failed.status, (await failed.text()).includes('secret')]).to.deep.equal([500, false]);
    expect(failing.failures).to.have.length(1);
  });
});
