import { page } from './page.ts';

/** Files that are served to whoever comes: nothing in them is of any run. */
export const OPEN_FILES: ReadonlyMap<string, { readonly type: string; readonly text: string }> = new Map([
  [
    '/login.js',
    {
      type: 'text/javascript; charset=utf-8',
      // A strict cookie does not come along when a link of another site is followed: it does when this page asks again. Once: it could be refused for another reason.
      text: `const again = () => location.replace(location.pathname + location.search);
const form = document.querySelector('form');
const said = document.querySelector('output');
const session = await fetch('/api/v1/session').catch(() => undefined);
if (session?.ok) {
  if (sessionStorage.getItem('again') !== location.pathname) {
    sessionStorage.setItem('again', location.pathname);
    again();
  }
} else sessionStorage.removeItem('again');
form?.addEventListener('submit', async (event) => {
  event.preventDefault();
  said.textContent = '';
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    const token = form.elements.namedItem('token').value;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch('/api/v1/login', { method: 'POST', headers, body: JSON.stringify({ token }) });
    if (response.ok) return again();
    const { error } = await response.json();
    said.textContent = error.message;
  } catch {
    said.textContent = 'The server does not answer.';
  } finally {
    button.disabled = false;
  }
});
`,
    },
  ],
  [
    '/login.css',
    {
      type: 'text/css; charset=utf-8',
      text: `body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 14px/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; }
main { width: min(360px, calc(100vw - 48px)); }
h1 { font-size: 18px; margin: 0 0 12px; }
form { display: grid; gap: 10px; }
input, button { font: inherit; min-height: 36px; padding: 6px 10px; border: 1px solid GrayText; border-radius: 6px; }
button { cursor: pointer; }
output { min-height: 1.5em; overflow-wrap: anywhere; }
`,
    },
  ],
]);

const HEAD =
  '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/login.css"><script type="module" src="/login.js"></script>';

/** Whoever has no session gives his token here, at whatever address he wanted to open. */
export const LOGIN = page(
  'Reprise dashboard',
  'Your token is told once, by <code>reprise dashboard token add</code>. Ask whoever runs this dashboard.',
  HEAD,
  '<form><label for="token">Token</label><input id="token" name="token" type="password" autocomplete="current-password" required maxlength="200" autofocus><button>Open</button><output for="token" role="status"></output></form>',
);

/** Of a server whose printed link lets in. */
export const NO_SESSION = page(
  'Reprise dashboard',
  'This browser has no session. Open the link that <code>reprise dashboard</code> has printed last: each works once.',
  HEAD,
);
