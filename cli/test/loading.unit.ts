import { isRepriseError } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { loadingNow, whileLoading } from '../src/config/loading.ts';

describe('what loads code of others', () => {
  it('is known while it does, and not afterwards', async () => {
    const loaded = Promise.withResolvers<number>();
    const loading = whileLoading('the plugin slow', () => loaded.promise);
    expect(loadingNow()).to.deep.equal(['the plugin slow']);
    loaded.resolve(3);
    expect(await loading).to.equal(3);
    expect(loadingNow()).to.deep.equal([]);
  });

  it('is not waited for for ever', async () => {
    const keepsTheProcess = setTimeout(() => undefined, 10_000);
    try {
      const error = await whileLoading('the plugin stuck', () => new Promise(() => undefined), 20).catch((one) => one);
      expect(isRepriseError(error, 'REPRISE_PLUGIN_INVALID')).to.equal(true);
      expect((error as Error).message).to.equal('Still loading after 0.02 s: the plugin stuck.');
      expect(loadingNow()).to.deep.equal([]);
    } finally {
      clearTimeout(keepsTheProcess);
    }
  });

  it('fails as what it loads', async () => {
    const error = await whileLoading('it', async () => Promise.reject(new Error('no'))).catch((one) => one);
    expect((error as Error).message).to.equal('no');
  });
});
