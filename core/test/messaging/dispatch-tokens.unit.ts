import { expect } from 'chai';
import { describe, it } from 'mocha';
import { DispatchTokens } from '../../src/orchestration/messaging/dispatch-tokens.ts';

const [NEW, OLD] = ['n'.repeat(40), 'o'.repeat(40)];
const subject = { runId: 'run-1', taskId: 'book/pay[3]', attempt: 2, dispatchId: 'run-1/book/pay[3]/2' };

describe('The token of a dispatch', () => {
  const tokens = new DispatchTokens([NEW]);
  const token = tokens.tokenOf(subject, 4) ?? '';

  it('is taken by whoever has the secret, for the attempt that it was made for', () => {
    expect(token).to.match(/^1\.4\.[\w-]{43}$/);
    expect(new DispatchTokens([NEW]).verifies(subject, token)).to.equal(true);
    expect(tokens.tokenOf(subject, 4), 'and the same whenever the attempt is sent again').to.equal(token);
  });

  it('is the one that any HMAC-SHA256 makes of the same text', () => {
    // printf '%s' '["reprise.dispatch",1,"r","t",1,1,"r/t/1"]' | openssl dgst -sha256 -hmac "$(printf 's%.0s' {1..32})" -binary | basenc --base64url
    const vector = new DispatchTokens(['s'.repeat(32)]);
    expect(vector.tokenOf({ runId: 'r', taskId: 't', attempt: 1, dispatchId: 'r/t/1' }, 1)).to.equal(VECTOR);
  });

  for (const [what, other] of Object.entries({
    'another run': { ...subject, runId: 'run-2' },
    'another task': { ...subject, taskId: 'book/pay[4]' },
    'another attempt': { ...subject, attempt: 3 },
    'another dispatch': { ...subject, dispatchId: 'run-1/book/pay[3]/3' },
    'what is written alike': { ...subject, runId: 'run-1","book/pay[3]', taskId: '' },
  }))
    it(`is none of ${what}`, () => expect(tokens.verifies(other, token)).to.equal(false));

  for (const [what, forged] of Object.entries({
    nothing: undefined,
    'a number': 7,
    'an empty text': '',
    'the round of another': token.replace('1.4.', '1.5.'),
    'another version': token.replace('1.4.', '2.4.'),
    'the last character of it missing': token.slice(0, -1),
    'one more character': `${token}A`,
    'another first character': token.replace(/\.[\w-]{43}$/, (mac) => `.${mac[1] === 'A' ? 'B' : 'A'}${mac.slice(2)}`),
    'that of another secret': new DispatchTokens([OLD]).tokenOf(subject, 4),
  }))
    it(`is not ${what}`, () => expect(tokens.verifies(subject, forged)).to.equal(false));

  it('is made with the new secret and taken with the old one, too, while there are both', () => {
    const both = new DispatchTokens([NEW, OLD]);
    expect(both.tokenOf(subject, 4)).to.equal(token);
    expect(both.verifies(subject, token)).to.equal(true);
    expect(both.verifies(subject, new DispatchTokens([OLD]).tokenOf(subject, 4))).to.equal(true);
    expect(tokens.verifies(subject, new DispatchTokens([OLD]).tokenOf(subject, 4)), 'it went').to.equal(false);
  });

  it('is none without a secret, and nothing is one', () => {
    const none = new DispatchTokens([]);
    expect([none.enabled, none.tokenOf(subject, 1), none.verifies(subject, token)]).to.deep.equal([
      false,
      undefined,
      false,
    ]);
  });
});

const VECTOR = '1.1.SKBefK3S_Qd8eKhH3i6lWYLt6oEKu6bLQGXzFj37sW0';
