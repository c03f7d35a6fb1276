import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NO_STREAM } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { events, failure } from './support/sample.ts';
import { servers } from './support/stores.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(`./support/tls/${name}`, import.meta.url));
const [CERTIFICATE, KEY] = ['certificate.pem', 'key.pem'].map(pathOf) as [string, string];
const tls = (user: boolean) => ({ certificate: readFileSync(CERTIFICATE), key: readFileSync(KEY), user });
const query = (options: Readonly<Record<string, string>>): string => new URLSearchParams(options).toString();

describe('EventStoreDB over TLS', () => {
  const { serve, open } = servers();

  it('is sent credentials, with every call', async () => {
    const server = await serve({ tls: tls(false) });
    const connectionString = `esdb://localhost:${server.port}?${query({ tlsCAFile: CERTIFICATE })}`;
    const { events: store } = await open(server, { connectionString, username: 'ann', password: 'pass:wörd' });
    await store.append('run-a', events(1), NO_STREAM);
    expect(await store.read('run-a')).to.have.length(1);
    expect(await store.readAll()).to.have.length(1);
    const header = `Basic ${Buffer.from('ann:pass:wörd').toString('base64')}`;
    const kinds = server.calls.map(
      ({ kind, metadata }) => `${kind} ${String(metadata.get('authorization')[0] === header)}`,
    );
    expect(kinds).to.deep.equal(['batch true', 'read true', 'read true']);
  });

  it('is not trusted without the certificate of its authority, and the error shows no password', async () => {
    const server = await serve({ tls: tls(false) });
    const connectionString = `esdb://ann:s3cret@localhost:${server.port}`;
    const { events: store } = await open(server, { connectionString, deadlineMs: 500 });
    const error = await failure(store.read('run-a'));
    expect(error).to.have.property('code', 'REPRISE_STORE_UNAVAILABLE');
    expect(String(error))
      .to.match(/certificate/i)
      .and.not.include('s3cret');
    expect(JSON.stringify(error)).to.not.include('s3cret');
  });

  it('is shown the certificate of the user, where it asks for one', async () => {
    const server = await serve({ tls: tls(true) });
    const options = { tlsCAFile: CERTIFICATE, userCertFile: CERTIFICATE, userKeyFile: KEY };
    const connectionString = `esdb://localhost:${server.port}?${query(options)}`;
    const { events: store } = await open(server, { connectionString });
    await store.append('run-a', events(2), NO_STREAM);
    expect(await store.read('run-a')).to.have.length(2);
    const { events: stranger } = await open(server, {
      connectionString: `esdb://localhost:${server.port}?${query({ tlsCAFile: CERTIFICATE })}`,
      deadlineMs: 500,
    });
    expect(await failure(stranger.read('run-a'))).to.have.property('code', 'REPRISE_STORE_UNAVAILABLE');
  });

  it('is a mistake of the configuration when a certificate cannot be read', async () => {
    const server = await serve();
    const connectionString = `esdb://127.0.0.1:${server.port}?${query({ tlsCAFile: '/nowhere/ca.pem' })}`;
    const error = await failure(open(server, { connectionString }));
    expect(error).to.have.property('code', 'REPRISE_CONFIG_INVALID');
    expect(String(error)).to.include('/nowhere/ca.pem');
  });
});
