import { isRepriseError } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { callerOf } from '../src/callers.ts';
import { type ReachOptions, reachOf } from '../src/index.ts';
import { WrongTokens } from '../src/wrong-tokens.ts';

const codeFor = (options: ReachOptions): string => {
  try {
    reachOf(options);
    return 'fine';
  } catch (error) {
    return isRepriseError(error) ? error.code : String(error);
  }
};

const tls = { cert: 'cert.pem', key: 'key.pem' };
const tokens = 'tokens.json';
const publicUrls = ['https://reprise.example'];
const proxies = ['10.0.0.5'];

describe('where the dashboard is reached', () => {
  it('is this machine alone, unless it is safe', () => {
    for (const host of [undefined, '127.0.0.1', '127.0.0.2', 'localhost', '::1'])
      expect(codeFor(host === undefined ? {} : { host }), host).to.equal('fine');
    for (const host of [
      '0.0.0.0',
      '::',
      '',
      '10.0.0.1',
      '::ffff:10.0.0.1',
      'reprise.example',
      'localhost.example',
      '127.1',
    ])
      for (const more of [{}, { tokens }, { publicUrls }, { tokens, publicUrls }])
        expect(codeFor({ host, ...more }), `${host} ${JSON.stringify(more)}`).to.equal('REPRISE_DASHBOARD_UNSAFE');
    for (const host of ['127.0.0.1', '0.0.0.0', 'reprise.example'])
      for (const more of [{ tls }, { proxies, publicUrls }, { tls, proxies, publicUrls }]) {
        expect(codeFor({ host, ...more }), `${host} without tokens`).to.equal('REPRISE_DASHBOARD_UNSAFE');
        expect(codeFor({ host, ...more, publicUrls, tokens }), host).to.equal('fine');
      }
  });

  it('refuses what makes no sense', () => {
    expect(codeFor({ tokens })).to.equal('REPRISE_CONFIG_INVALID');
    expect(codeFor({ publicUrls })).to.equal('REPRISE_CONFIG_INVALID');
    expect(codeFor({ tokens, proxies })).to.equal('REPRISE_CONFIG_INVALID');
    expect(codeFor({ tokens, tls, host: '0.0.0.0' })).to.equal('REPRISE_CONFIG_INVALID');
    for (const url of [
      'http://a.example',
      'a.example',
      'https://a.example/x',
      'https://a.example/?x',
      'https://u@a.example',
      '',
    ])
      expect(codeFor({ tokens, tls, publicUrls: [url] }), url).to.equal('REPRISE_CONFIG_INVALID');
    for (const proxy of ['proxy.example', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/8/9', '10.0.0.0/x', '', '::1/129'])
      expect(codeFor({ tokens, proxies: [proxy], publicUrls }), proxy).to.equal('REPRISE_CONFIG_INVALID');
  });

  it('answers to its own names', () => {
    expect([...reachOf({}).hosts(4680)]).to.deep.equal(['127.0.0.1:4680', 'localhost:4680']);
    expect([...reachOf({ host: '::1' }).hosts(4680)]).to.include('[::1]:4680');
    const own = reachOf({ host: 'Reprise.example', tls, tokens });
    expect([[...own.hosts(443)], own.origin(8443)]).to.deep.equal([
      ['reprise.example'],
      'https://reprise.example:8443',
    ]);
    const named = reachOf({
      host: '0.0.0.0',
      tls,
      tokens,
      publicUrls: ['https://A.example:8443', 'https://b.example/'],
    });
    expect([...named.hosts(4680)]).to.deep.equal(['a.example:8443', 'b.example']);
  });

  it('hears who calls from proxies only', () => {
    const { proxies: networks } = reachOf({ tokens, publicUrls, proxies: ['10.0.0.0/8', 'fd00::/8'] });
    const of = (peer: string, said?: string) =>
      callerOf(
        new Headers({ 'x-forwarded-proto': 'https', ...(said === undefined ? {} : { 'x-forwarded-for': said }) }),
        peer,
        networks,
      );
    expect(of('10.0.0.1', '203.0.113.7')).to.equal('203.0.113.7');
    expect(of('::ffff:10.0.0.1', '1.1.1.1, 203.0.113.7, 10.2.0.1')).to.equal('203.0.113.7');
    expect(of('fd00::1', '2001:db8::7')).to.equal('2001:db8::7');
    for (const said of [undefined, '', 'nobody', '203.0.113.7, "quoted"', '10.0.0.9'])
      expect(of('10.0.0.1', said), said).to.equal('10.0.0.1');
    expect(() => of('203.0.113.7', '10.0.0.1')).to.throw('Only the proxy');
    expect(callerOf(new Headers({ 'x-forwarded-for': '203.0.113.7' }), '::ffff:127.0.0.1', undefined)).to.equal(
      '127.0.0.1',
    );
  });

  it('counts wrong tokens by address, and of IPv6 by network', () => {
    const wrong = new WrongTokens({ now: () => 0, schedule: () => ({ cancel: () => undefined }) });
    for (let at = 0; at < 10; at += 1) wrong.count(`2001:db8::${at.toString(16)}`);
    expect(wrong.wait('2001:0db8:0:0:1:2:3:4')).to.equal(60_000);
    expect(wrong.wait('2001:db8:0:1::1')).to.equal(0);
    for (let at = 0; at < 9; at += 1) wrong.count('203.0.113.7');
    expect(wrong.wait('203.0.113.7')).to.equal(0);
    for (let at = 0; at < 20_000; at += 1) wrong.count(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
    expect(wrong.wait('2001:db8::1'), 'forgotten, so that memory stays bounded').to.equal(0);
  });
});
