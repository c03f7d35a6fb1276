import { isRepriseError } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { faultOf } from '../src/platformatic/errors.ts';
import { incoming } from '../src/platformatic/incoming.ts';
import { loadPlatformatic } from '../src/platformatic/load.ts';

type Require = NonNullable<Parameters<typeof loadPlatformatic>[1]>;

function refusalOf(version: string, require?: () => unknown): string {
  try {
    loadPlatformatic(version, require as Require | undefined);
  } catch (error) {
    expect(isRepriseError(error, 'REPRISE_CONFIG_INVALID'), String(error)).to.equal(true);
    return (error as Error).message;
  }
  return 'none';
}

describe('the driver platformatic', () => {
  it('says so where Node is too old for its client', () => {
    const client = () => ({});
    for (const version of ['22.18.0', '22.21.9', '23.9.0', '24.5.0'])
      expect(refusalOf(version, client)).to.contain(`this is ${version}`).and.contain('the driver kafkajs');
    for (const version of ['22.22.0', '24.6.0', '24.21.0', '26.0.0'])
      expect(refusalOf(version, client), version).to.equal('none');
  });

  it('says so where its client is not installed, and how to have it; what else fails in it is told as it is', () => {
    const lacking = () => {
      throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
    };
    expect(refusalOf('24.21.0', lacking)).to.contain('npm install @platformatic/kafka@2.12.1');
    const broken = () => {
      throw new TypeError('broken');
    };
    expect(() => loadPlatformatic('24.21.0', broken as unknown as Require)).to.throw(TypeError, 'broken');
  });

  const { AuthenticationError, MultipleErrors, NetworkError, ProtocolError, UserError } = loadPlatformatic();

  it('knows what is at the bottom of an error: of several tries the last, and what the broker said', () => {
    const refused = new Error('connect ECONNREFUSED 127.0.0.1:1');
    const away = new NetworkError('Connection failed.', { cause: refused });
    const denied = new ProtocolError('TOPIC_AUTHORIZATION_FAILED');
    expect(faultOf(new MultipleErrors('twice', [denied, away]))).to.include({ type: '', message: refused.message });
    expect(faultOf(new MultipleErrors('twice', [away, denied]))).to.include({
      type: 'TOPIC_AUTHORIZATION_FAILED',
      isDenied: true,
    });
    expect(faultOf(new UserError('Unknown topic jobs.')).type).to.equal('UNKNOWN_TOPIC_OR_PARTITION');
    expect(faultOf('text')).to.deep.equal({ type: '', message: 'text', isDenied: false });
  });

  it('takes a login that the network broke off for no wrong password', () => {
    const login = (cause: Error) => faultOf(new AuthenticationError('SASL authentication failed.', { cause })).isDenied;
    expect(login(new NetworkError('Connection closed'))).to.equal(false);
    expect(login(new ProtocolError('SASL_AUTHENTICATION_FAILED'))).to.equal(true);
    expect(faultOf(new AuthenticationError('Invalid server signature.')).isDenied).to.equal(true);
  });

  it('leaves out what a batch has before the place that was asked for, and passes over what is no record', () => {
    const record = (offsetDelta: number) => ({
      offsetDelta,
      key: Buffer.from('k'),
      value: Buffer.from(String(offsetDelta)),
      headers: [
        [Buffer.from('a'), Buffer.from('first')],
        [Buffer.from('a'), Buffer.from('last')],
        [Buffer.from('b'), null],
      ],
    });
    const batch = (firstOffset: bigint, count: number, attributes = 0) => ({
      firstOffset,
      lastOffsetDelta: count - 1,
      attributes,
      records: Array.from({ length: count }, (_, index) => record(index)),
    });
    const batches = [batch(10n, 3), batch(13n, 1, 0x30), batch(14n, 2)] as unknown as Parameters<typeof incoming>[0];
    const { records, next } = incoming(batches, 12n);
    expect(records.map(({ offset }) => offset)).to.deep.equal([12n, 14n, 15n]);
    expect(next).to.equal(16n);
    expect(Object.entries(records[0]?.headers ?? {}).map(([name, text]) => `${name}=${text}`)).to.deep.equal([
      'a=last',
    ]);
    expect(incoming([], 7n)).to.deep.equal({ records: [], next: 7n });
  });
});
