import foldUrl from './fold-worker.ts?worker&url';
import layoutUrl from './layout-worker.ts?worker&url';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(text: string): string },
  ): { createScriptURL(text: string): string };
}

const URLS = { fold: foldUrl, layout: layoutUrl };

// The only scripts that may be loaded by their address.
const policy = (globalThis as { readonly trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('reprise', {
  createScriptURL: (text) => {
    if (!Object.values(URLS).includes(text)) throw new TypeError('no script of this page');
    return text;
  },
});

/** Starts what works beside the page. It is to be terminated by whoever starts it. */
export function startWorker(name: keyof typeof URLS): Worker {
  const url = URLS[name];
  return new Worker(policy === undefined ? url : policy.createScriptURL(url), { type: 'module' });
}
