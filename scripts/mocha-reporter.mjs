/**
 * Mocha reporter of `npm test`: tells the runner (scripts/test.mjs) over the IPC channel which test runs and how many
 * passed and failed, so that the runner can add up several mocha processes and name the test that hangs. On the
 * terminal it shows only failures; with TEST_VERBOSE=1, or without a runner, every test as `spec` does.
 */
import mocha from 'mocha';

const { Base, Spec } = mocha.reporters;

const quiet = process.send !== undefined && process.env.TEST_VERBOSE !== '1';

export default class RunnerReporter extends (quiet ? Base : Spec) {
  constructor(runner, options) {
    super(runner, options);
    const tell = (message) => process.send?.(message);
    runner.on('test', (test) => tell({ running: test.fullTitle() }));
    runner.on('hook', (hook) => tell({ running: hook.fullTitle() }));
    runner.once('end', () => {
      if (quiet && this.failures.length > 0) Base.list(this.failures);
      // A failed hook is no test: mocha counts it among the failures, and so does the sum.
      const { passes, failures, pending } = runner.stats;
      tell({ passed: passes, failed: failures, pending });
    });
  }
}
