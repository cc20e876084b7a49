/**
 * `npm test`: everything that must hold before a change is done; `npm test -- unit interop` runs only these suites,
 * `npm test -- unit@22` one suite on another Node, and lists what there is for a name it does not know.
 *
 * requirements → runtimes → build → lint with format, types → suites, at most three at a time. A suite that runs no test,
 * a step that fails and a test process that ends too early are failures; one that does not end by itself is told as HELD.
 * A few files that fail beside others run once more alone, and are told as UNSTEADY when they pass then (docs/decisions/0031).
 * The last line is the sum over all mocha runs, "N passed, N failed", where a failed step counts as one.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkRequirements, TOOL_PATH } from './requirements.mjs';
import { fetchRuntimes } from './runtimes.mjs';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
/** Longer than any suite takes by far: a suite that hangs must not hang CI. */
const SUITE_LIMIT_MS = 30 * 60_000;
/**
 * Time for a mocha process to end after its last test before it counts as holding something open: what the thread pool
 * has begun (a key, a name to resolve) cannot be taken back, and takes its time on a busy machine.
 */
const EXIT_LIMIT_MS = 90_000;
/** More files than this fail for a reason that a second look would only hide. */
const SECOND_LOOK_FILES = 3;
/** One more than a small machine has cores: half of what a test does is waiting. */
const PARALLEL = 3;

/**
 * What is special about a suite, longest first; a folder of `test/` that is not named here is a suite like any other.
 * to the Node version (TLS, OpenSSL, Node-RED), run once more on Node 22.
 */
const SUITES = [
  { name: 'package', build: true },
  { name: 'editor', build: true },
  { name: 'interop', build: true, also: ['interop'] },
  { name: 'nodes', build: true, also: ['nodes'] },
  { name: 'faults', build: true },
  { name: 'unit', also: ['unit/tls', 'unit/pki'] },
  { name: 'examples', build: true },
];
const NO_SUITES = ['support', 'fixtures'];
const SECOND_NODE = '22';

/** All mocha runs: `{ name, folders, node, build }`, `name` as on the command line. */
function allRuns() {
  const folders = readdirSync(join(checkout, 'test'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NO_SUITES.includes(entry.name))
    .map((entry) => entry.name);
  const special = SUITES.filter((suite) => folders.includes(suite.name));
  const plain = folders.filter((name) => !SUITES.some((suite) => suite.name === name)).map((name) => ({ name }));
  const suites = [...special, ...plain];
  return [
    ...suites.map((suite) => ({ ...suite, folders: [suite.name] })),
    ...suites
      .filter((suite) => suite.also)
      .map((suite) => ({ ...suite, name: `${suite.name}@${SECOND_NODE}`, folders: suite.also, node: SECOND_NODE })),
  ];
}

const children = new Set();

/** Start a process in its own group, so that what it started ends with it. */
function start(command, args, options) {
  const child = spawn(command, args, { cwd: checkout, detached: process.platform !== 'win32', ...options });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

function kill(child) {
  try {
    if (process.platform === 'win32') child.kill();
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of children) kill(child);
    process.exit(130);
  });
}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;

/** Collect what a process prints, so that several at a time do not mix their lines. */
function outputOf(child) {
  const chunks = [];
  child.stdout?.on('data', (chunk) => chunks.push(chunk));
  child.stderr?.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/** Run a step that is no test. @returns the number of failures, 0 or 1 */
async function step(name, command, args) {
  const since = Date.now();
  const child = start(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = outputOf(child);
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds(since)})`);
  if (code !== 0) console.log(output());
  return code === 0 ? 0 : 1;
}

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
// The types are checked once, by the step of that name.
const build = () => step('build', process.execPath, ['scripts/build.mjs', '--fast']);
const lint = () => step('lint', npm, ['run', '--silent', 'lint']);
const typecheck = () => step('typecheck', npm, ['run', '--silent', 'typecheck']);

/** Run one suite in a mocha process of its own. @returns `{ run, passed, failed, failedFiles, problem }` */
async function runSuite(run, runtimes, verbose) {
  const since = Date.now();
  const args = [join(checkout, 'node_modules/mocha/bin/mocha.js'), '--reporter', './scripts/mocha-reporter.mjs'];
  args.push(...(run.files ?? run.folders.map((folder) => `test/${folder}/**/*.test.ts`)));
  const child = start(run.node ? runtimes.node[run.node] : process.execPath, args, {
    stdio: ['ignore', verbose ? 'inherit' : 'pipe', verbose ? 'inherit' : 'pipe', 'ipc'],
    env: { ...process.env, PATH: TOOL_PATH, TEST_VERBOSE: verbose ? '1' : '0' },
  });
  const output = outputOf(child);
  let counts = {};
  let running = 'nothing yet';
  let problem;
  let exitTimer;
  const stop = (what) => {
    problem = what;
    kill(child);
  };
  let isHeld = false;
  const end = () => {
    isHeld = true;
    kill(child);
  };
  const limit = setTimeout(
    () => stop(`stopped after ${SUITE_LIMIT_MS / 60_000} minutes in: ${running}`),
    SUITE_LIMIT_MS,
  );
  child.on('message', (message) => {
    if ('running' in message) {
      running = message.running;
      return;
    }
    counts = message;
    if (message.ended) exitTimer = setTimeout(() => end(), EXIT_LIMIT_MS);
  });
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  clearTimeout(limit);
  clearTimeout(exitTimer);

  const { passed = 0, failed = 0, pending = 0, ended = false, failedFiles = [] } = counts;
  if (!problem && !ended) problem = `the test process ended with ${code} in: ${running}`;
  if (!problem && passed + failed === 0) problem = 'no test ran';
  if (!problem && pending > 0) problem = `${pending} tests are pending: none may be skipped`;
  // Every test has told its result by then; what keeps the process is a thing to find, and is printed for that.
  if (isHeld) console.log(`HELD   ${run.name}: did not end ${EXIT_LIMIT_MS / 1000} s after its last test\n${output()}`);
  if (!problem && failed === 0 && code !== 0 && !isHeld) problem = `the test process ended with ${code}`;
  const sum = { run, passed, failed: failed + (problem ? 1 : 0), failedFiles, problem };
  console.log(`${sum.failed === 0 ? 'ok    ' : 'FAILED'} ${run.name}: ${passed} passed (${seconds(since)})`);
  if (sum.failed > 0) console.log(`${output()}${problem ? `${run.name}: ${problem}\n` : ''}`);
  return sum;
}

/**
 * Whether a few failures were of the files themselves or of the company they ran in.
 * @param results of the suites; those whose files pass alone lose their failures
 */
async function lookAgain(results, runtimes) {
  const failing = results.filter(({ failed }) => failed > 0);
  const files = failing.flatMap(({ failedFiles }) => failedFiles);
  if (files.length > SECOND_LOOK_FILES || failing.some(({ problem }) => problem)) return;
  for (const result of failing) {
    const { failedFiles, run } = result;
    const name = `${run.name}, alone: ${failedFiles.map((file) => relative(checkout, file)).join(' ')}`;
    const again = await runSuite({ ...run, name, files: failedFiles }, runtimes, false);
    if (again.failed > 0) continue;
    console.log(`UNSTEADY ${name}: failed beside other suites, passed alone`);
    result.passed += result.failed;
    result.failed = 0;
  }
}

/** Run jobs, at most `PARALLEL` at a time, in order. @returns their results */
async function inParallel(jobs) {
  const queue = [...jobs];
  const results = [];
  const lane = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) results.push(await job());
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  return results;
}

async function main(names) {
  const runs = allRuns();
  const unknown = names.filter((name) => !runs.some((run) => run.name === name));
  if (unknown.length > 0) {
    console.error(`no suite ${unknown.join(', ')}; there are: ${runs.map((run) => run.name).join(' ')}`);
    return { passed: 0, failed: 1 };
  }
  const all = names.length === 0;
  const chosen = all ? runs : runs.filter((run) => names.includes(run.name));
  const failure = { passed: 0, failed: 1 };

  // A chosen suite may need none of what is missing, so there it is only said.
  if (!checkRequirements() && all) return failure;
  const runtimes = fetchRuntimes();
  if (chosen.some((run) => run.build) && (await build()) > 0) return failure;

  const results = [];
  if (all) {
    const failures = await inParallel([lint, typecheck]);
    results.push(...failures.map((failed) => ({ passed: 0, failed, failedFiles: [], problem: failed > 0 })));
  }
  const verbose = chosen.length === 1;
  results.push(...(await inParallel(chosen.map((run) => () => runSuite(run, runtimes, verbose)))));
  if (!verbose) await lookAgain(results, runtimes);
  return results.reduce((sum, one) => ({ passed: sum.passed + one.passed, failed: sum.failed + one.failed }), {
    passed: 0,
    failed: 0,
  });
}

const since = Date.now();
const { passed, failed } = await main(process.argv.slice(2));
console.log(`\nafter ${seconds(since)}:`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
