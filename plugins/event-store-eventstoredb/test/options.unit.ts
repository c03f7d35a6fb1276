import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRepriseError } from '@reprise/core/plugin';
import { eventstoredbEventStore } from '@reprise/event-store-eventstoredb';
import { expect } from 'chai';
import { after, describe, it } from 'mocha';
import { shareConnection } from '../src/connections.ts';
import { resolveOptions } from '../src/options.ts';

const folder = mkdtempSync(join(tmpdir(), 'reprise-esdb-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const LOCAL = 'esdb://127.0.0.1:2113?tls=false';
const connection = (connectionString: string) => resolveOptions({ connectionString }).connection;

describe('options of event-store-eventstoredb', () => {
  it('fills in the defaults', () => {
    const { connection, ...rest } = resolveOptions({ connectionString: 'esdb://db.example' });
    expect(rest).to.deep.equal({
      prefix: '',
      deadlineMs: 10_000,
      leaseMs: 6000,
      maxAppendBytes: 1_048_576,
      maxInFlight: 64,
      readOnly: false,
    });
    expect(connection).to.include({ discover: false, tls: true, nodePreference: 'leader', credentials: undefined });
    expect(connection.hosts).to.deep.equal([{ address: 'db.example', port: 2113 }]);
  });

  it('reads a connection string with everything in it, in whatever case', () => {
    const read = connection(
      'esdb+discover://ann:p%40ss%3Aw%2Frd@a.example:1113,b.example,[::1]:3/?TLS=true&tlsCaFile=%2Fetc%2Fca.pem&user_cert_file=c&userKeyFile=k' +
        '&nodePreference=readOnlyReplica&maxDiscoverAttempts=3&discoveryInterval=50&gossipTimeout=2&keepAliveInterval=-1&keepAliveTimeout=20000' +
        '&defaultDeadline=700&connectionName=me%20too&throwOnAppendFailure=true',
    );
    expect(read).to.deep.equal({
      discover: true,
      hosts: [
        { address: 'a.example', port: 1113 },
        { address: 'b.example', port: 2113 },
        { address: '[::1]', port: 3 },
      ],
      credentials: { username: 'ann', password: 'p@ss:w/rd' },
      tls: true,
      tlsCAFile: '/etc/ca.pem',
      userCertFile: 'c',
      userKeyFile: 'k',
      nodePreference: 'read_only_replica',
      maxDiscoverAttempts: 3,
      discoveryInterval: 50,
      gossipTimeout: 2,
      keepAliveInterval: -1,
      keepAliveTimeout: 20_000,
      defaultDeadline: 700,
      connectionName: 'me too',
    });
    expect(resolveOptions({ connectionString: 'esdb://a?defaultDeadline=700' }).deadlineMs).to.equal(700);
  });

  it('takes a password from a file, by its first line', () => {
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'from the file\r\nnot this\n');
    const { connection: read } = resolveOptions({ connectionString: 'esdb://a', username: 'ann', passwordFile });
    expect(read.credentials).to.deep.equal({ username: 'ann', password: 'from the file' });
  });

  for (const [input, word] of [
    ['x', 'not an object'],
    [null, 'not an object'],
    [{}, 'connectionString is missing'],
    [{ connectionString: 3 }, 'connectionString is missing'],
    [{ connectionString: 'http://a' }, 'esdb://'],
    [{ connectionString: 'esdb://' }, 'host:port'],
    [{ connectionString: 'esdb://a:99999' }, 'host:port'],
    [{ connectionString: 'esdb://a b' }, 'host:port'],
    [{ connectionString: 'esdb://a?colour=red' }, 'no option colour'],
    [{ connectionString: 'esdb://a?tls=maybe' }, 'true or false for tls'],
    [{ connectionString: 'esdb://a?tls=' }, 'no value for tls'],
    [{ connectionString: 'esdb://a?tlsVerifyCert=false' }, 'tlsCAFile'],
    [{ connectionString: 'esdb://a?nodePreference=best' }, 'nodePreference'],
    [{ connectionString: 'esdb://a?keepAliveInterval=5' }, 'keepAliveInterval'],
    [{ connectionString: 'esdb://a?gossipTimeout=0' }, 'gossipTimeout'],
    [{ connectionString: 'esdb://a?userCertFile=x' }, 'userKeyFile'],
    [{ connectionString: 'esdb://ann@a' }, 'user:password'],
    [{ connectionString: LOCAL, url: 'x' }, '"url"'],
    [{ connectionString: LOCAL, namespace: 'a-b' }, 'namespace'],
    [{ connectionString: LOCAL, namespace: 'a.b' }, 'namespace'],
    [{ connectionString: LOCAL, namespace: '' }, 'namespace'],
    [{ connectionString: LOCAL, deadlineMs: 0 }, 'deadlineMs'],
    [{ connectionString: LOCAL, leaseMs: 5 }, 'leaseMs'],
    [{ connectionString: LOCAL, maxAppendBytes: 100 }, 'maxAppendBytes'],
    [{ connectionString: LOCAL, maxInFlight: 1.5 }, 'maxInFlight'],
    [{ connectionString: LOCAL, readOnly: 'yes' }, 'readOnly'],
    [{ connectionString: 'esdb://a', username: 'ann' }, 'together'],
    [{ connectionString: 'esdb://a', password: 'x' }, 'together'],
    [{ connectionString: 'esdb://a', username: 'ann', passwordFile: '/nowhere/at/all' }, '/nowhere/at/all'],
    [{ connectionString: 'esdb://a', username: 'a', password: 'x', passwordFile: 'y' }, 'keep one'],
    [{ connectionString: 'esdb://b:c@a', username: 'a', password: 'x' }, 'keep one'],
    [{ connectionString: LOCAL, username: 'a', password: 'x' }, 'no credentials'],
  ] as const) {
    it(`refuses ${JSON.stringify(input)}`, () => {
      expect(() => resolveOptions(input))
        .to.throw(word)
        .that.satisfies((error: unknown) => isRepriseError(error, 'REPRISE_CONFIG_INVALID'));
    });
  }

  it('never shows a password, whatever is wrong', () => {
    for (const connectionString of [
      'esdb://ann:s3cret@',
      'esdb://ann:s3cret@a:99999',
      'esdb://ann:s3cret@a?nonsense=1',
      'esdb://ann:s3cret@a?tls=false',
      'esdb://ann:pass?s3cret@a',
      'esdb://ann:pass?s3cret=1@a',
      'esdb://ann%:s3cret@a',
      'http://ann:s3cret@a',
    ]) {
      const problem = (() => {
        try {
          resolveOptions({ connectionString });
          return undefined;
        } catch (error) {
          return error;
        }
      })();
      expect(isRepriseError(problem, 'REPRISE_CONFIG_INVALID'), connectionString).to.equal(true);
      expect(JSON.stringify(problem) + String(problem)).to.not.include('s3cret');
    }
  });

  it('names every mistake at once', () => {
    expect(() => resolveOptions({ connectionString: LOCAL, readOnly: 1, leaseMs: 1, other: 2 })).to.throw(
      /"other".*readOnly.*leaseMs/,
    );
  });

  it('is checked when the plugin is named, before anything starts', () => {
    expect(() => eventstoredbEventStore({ connectionString: '' })).to.throw('connectionString');
    expect(eventstoredbEventStore({ connectionString: LOCAL })).to.include({
      name: 'eventstoredb',
      kind: 'event-store',
    });
  });

  it('make one client in a process for all that has the same, until the last one is through with it', async () => {
    const one = shareConnection(connection(LOCAL));
    const two = shareConnection(connection(LOCAL));
    const other = shareConnection(connection(`${LOCAL}&nodePreference=follower`));
    expect(two.connection).to.equal(one.connection);
    expect(other.connection).to.not.equal(one.connection);
    await one.release();
    const three = shareConnection(connection(LOCAL));
    expect(three.connection).to.equal(two.connection);
    await two.release();
    await three.release();
    const anew = shareConnection(connection(LOCAL));
    expect(anew.connection).to.not.equal(one.connection);
    await Promise.all([other.release(), anew.release()]);
  });
});
