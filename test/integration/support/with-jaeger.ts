import { after, before, describe, it } from 'mocha';
import { Jaeger, lacksJaeger } from './jaeger.ts';

const isWanted = process.env['REPRISE_TEST_SERVICES'] !== undefined;
const lacking = isWanted ? await lacksJaeger() : { why: 'only npm run test:services starts one', hasGo: false };

/** Registers tests that need a Jaeger of their own; where there can be none, one line says why. CI has to have one, where Go is. */
export function withJaeger(name: string, register: (jaeger: () => Jaeger) => void): void {
  if (lacking !== undefined) {
    const title = `${name}: not checked, because ${lacking.why}`;
    if (isWanted && lacking.hasGo && process.env['CI'] === 'true')
      it(title, () => {
        throw new Error(`CI=true, and ${lacking.why}.`);
      });
    else it(title);
    return;
  }
  describe(name, function () {
    this.timeout(120_000);
    let jaeger: Jaeger | undefined;
    before(async () => {
      jaeger = await Jaeger.open();
    });
    register(() => {
      if (jaeger === undefined) throw new Error('There is a Jaeger inside a test only.');
      return jaeger;
    });
    // Last of all: who is stopped sends what is left.
    after(() => jaeger?.stop());
  });
}
