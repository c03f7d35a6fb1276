import { chromium } from 'playwright-core';
import { readFileSync } from 'node:fs';
const [,, out, link, ...shots] = process.argv;
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const theme = process.env.THEME ?? 'light';
const ctx = await b.newContext({ viewport: { width: Number(process.env.W ?? 1360), height: 860 }, colorScheme: theme });
const p = await ctx.newPage();
p.on('console', m => { if (m.type() === 'error' || m.type() === 'warning') console.log('console:', m.text().slice(0, 400)); });
p.on('pageerror', e => console.log('pageerror:', e.message.slice(0, 400)));
await p.goto(link); await p.waitForTimeout(1200);
for (const s of shots) { const [name, path] = s.split('='); const at = s.slice(name.length + 1); await p.goto(new URL(at, link).href); await p.waitForTimeout(1300); await p.screenshot({ path: `${out}/${name}.png` }); }
await b.close();
