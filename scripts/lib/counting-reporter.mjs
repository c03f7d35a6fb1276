import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** Mocha's spec reporter, which also writes its counts, and what failed, as JSON to the file named by REPRISE_TEST_COUNTS. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error) => {
      const message = typeof error?.message === 'string' ? error.message : String(error);
      failed.push({ title: test.titlePath().join(' › '), message: message.slice(0, 2000) });
    });
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(process.env.REPRISE_TEST_COUNTS, JSON.stringify({ passes, failures, pending, failed }));
    });
  }
}
