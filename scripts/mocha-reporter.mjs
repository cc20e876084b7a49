/**
 * Mocha reporter of `npm test`: tells the runner (scripts/test.mjs) over the IPC channel which test runs and how many
 * passed and failed and in which files, so that the runner can add up several mocha processes, name the test that hangs and
 * look again at a file alone. On the
 * terminal it shows only failures, each when it happens; with TEST_VERBOSE=1, or without a runner, every test as `spec`
 * does.
 */
import mocha from 'mocha';

const { Base, Spec } = mocha.reporters;

const quiet = process.send !== undefined && process.env.TEST_VERBOSE !== '1';

/** Soon enough before the runner ends a process that does not end by itself. */
const STILL_OPEN_MS = 10_000;

/** What keeps this process alive, programs by their command line. */
function stillOpen() {
  const programs = process._getActiveHandles().flatMap(({ spawnargs }) => (spawnargs ? [spawnargs.join(' ')] : []));
  return [...process.getActiveResourcesInfo(), ...programs];
}

export default class RunnerReporter extends (quiet ? Base : Spec) {
  constructor(runner, options) {
    super(runner, options);
    const tell = (message) => process.send?.(message);
    const failedFiles = new Set();
    runner.on('fail', ({ file }) => failedFiles.add(file));
    const counts = ({ passes, failures, pending }) => ({
      passed: passes,
      failed: failures,
      pending,
      failedFiles: [...failedFiles],
    });
    for (const event of ['test', 'hook']) runner.on(event, (one) => tell({ running: one.fullTitle() }));
    // A failed hook is no test: mocha counts it among the failures, and so does the sum.
    for (const event of ['pass', 'fail']) runner.on(event, () => tell(counts(runner.stats)));
    if (quiet) runner.on('fail', (test) => Base.list([test]));
    runner.once('end', () => {
      tell({ ...counts(runner.stats), ended: true });
      setTimeout(() => console.error(`still open: ${stillOpen().join(', ')}`), STILL_OPEN_MS).unref();
    });
  }
}
