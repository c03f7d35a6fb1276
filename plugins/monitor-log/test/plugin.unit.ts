import { readFileSync } from 'node:fs';
import { isRepriseError, systemClock, systemIds, systemRandom } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LogMonitor, logMonitor } from '../src/index.ts';

describe('the log monitor plugin', () => {
  it('makes a monitor', async () => {
    const plugin = logMonitor({ level: 'silent' });
    const monitor = await plugin.create({ clock: systemClock, ids: systemIds, random: systemRandom });
    expect(plugin).to.include({ name: 'log', kind: 'monitor' });
    expect(monitor).to.be.instanceOf(LogMonitor);
    await monitor.shutdown();
  });

  it('refuses a wrong option at once', () => {
    const level = 'loud' as 'info';
    expect(() => logMonitor({ level }))
      .to.throw(/level/)
      .that.satisfies(isRepriseError);
  });

  it('is of the kind that its package says', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      reprise: { kind: string };
    };
    expect(manifest.reprise.kind).to.equal(logMonitor().kind);
  });
});
