import { parseArgs } from 'node:util';
import { describeFinding, seedAt, tryOne, type Parser } from './fuzzer';
import { allParsers } from './parsers';
import { Watchdog } from './watchdog';

/** One input may cost this much: key derivation with the most rounds that are allowed, on a slow machine. */
const MOST_CPU_MS = 15_000;
/** What takes longer by the clock, on a machine that does other things too, never ends. */
const MOST_SECONDS = 120;
const MEBIBYTE = 1024 * 1024;
/** Inputs of one parser before the next one's turn, so that a short run still reaches every parser. */
const INPUTS_IN_TURN = 50;

interface Run {
  parsers: readonly Parser[];
  seed: number;
  /** A finding like these is not told again. */
  told: Set<string>;
  counts: Map<string, number>;
  watchdog: Watchdog;
  /** Parser and seed that are being tried. */
  present: string;
}

/**
 * Feed changed inputs to the readers until the time is up. Prints each new finding with its seed and the smallest input that
 * shows it, and in the end how many inputs were read and how much memory that took; ends with 1 when there was any finding.
 */
export async function runParsers(parameters: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: parameters,
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 1e9) },
    },
  });
  const parsers = await allParsers();
  const unknown = positionals.filter((name) => !parsers.some((parser) => parser.name === name));
  const [seed, seconds] = [Number(values.seed), Number(values.seconds)];
  if (unknown.length > 0 || !Number.isSafeInteger(seed) || !(seconds > 0)) {
    const names = parsers.map(({ name }) => name).join(' ');
    console.error(`npm run fuzz [parser …] [-- --seconds 600 --seed n]; parsers: ${names}`);
    process.exitCode = 2;
    return;
  }
  const chosen = parsers.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  console.log(`seed ${seed}, ${seconds} s, ${chosen.length} parsers`);
  const names = chosen.map(({ name }) => name);
  const counts = new Map(names.map((name) => [name, 0]));
  const run: Run = {
    parsers: chosen,
    seed,
    told: new Set(),
    counts,
    watchdog: new Watchdog(names, MOST_SECONDS),
    present: '',
  };
  const memoryBefore = usedMemory();
  // Node ends in silence when nothing is left that could settle what is waited for.
  const onExit = (): void => {
    console.log(`${run.present}: the reader never answered\n1 findings`);
    process.exitCode = 1;
  };
  process.once('exit', onExit);
  await readUntil(Date.now() + seconds * 1000, run);
  process.off('exit', onExit);
  await run.watchdog.stop();
  for (const [name, count] of counts) console.log(`${name.padEnd(24)} ${count} inputs`);
  console.log(`memory in use: ${memoryBefore} MiB before, ${usedMemory()} MiB after`);
  console.log(`${run.told.size} findings`);
  process.exitCode = run.told.size > 0 ? 1 : 0;
}

/** MiB of objects and buffers; what is no longer needed counts too, unless the collector can be asked (`--expose-gc`). */
function usedMemory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return Math.round((heapUsed + external) / MEBIBYTE);
}

async function readUntil(end: number, run: Run): Promise<void> {
  for (let round = 0; Date.now() < end; round += 1) {
    for (const [number, parser] of run.parsers.entries()) {
      for (let index = 0; index < INPUTS_IN_TURN && Date.now() < end; index += 1) {
        await attempt(run, number, parser, seedAt(run.seed, round * INPUTS_IN_TURN + index));
        run.counts.set(parser.name, (run.counts.get(parser.name) ?? 0) + 1);
      }
    }
  }
}

async function attempt(run: Run, number: number, parser: Parser, seed: number): Promise<void> {
  const { told, watchdog } = run;
  run.present = `${parser.name}, seed ${seed}`;
  const before = process.cpuUsage();
  const finding = await tryOne(parser, seed, (input) => watchdog.watch(number, seed, input));
  const { user, system } = process.cpuUsage(before);
  const slow = (user + system) / 1000 > MOST_CPU_MS;
  if (!finding && !slow) return;
  const problem = finding?.problem ?? `${Math.round((user + system) / 1000)} ms of CPU`;
  const kind = `${parser.name} ${problem.slice(0, 60).replace(/\d+/g, 'n')}`;
  if (told.has(kind)) return;
  told.add(kind);
  // To make it small takes thousands of readings, each of which is watched.
  const watched: Parser = {
    ...parser,
    read: (input) => {
      watchdog.watch(number, seed, input);
      return parser.read(input);
    },
  };
  console.log(finding ? await describeFinding(watched, finding) : `${parser.name}, seed ${seed}: ${problem}`);
}
