import { parseArgs } from 'node:util';
import { describeFinding, seedAt, tryOne, type Parser } from './fuzzer';
import { allParsers } from './parsers';

/** One input may cost this much: key derivation with the most rounds that are allowed, on a slow machine. */
const MOST_CPU_MS = 15_000;
/** A finding like these is not told again. */
const told = new Set<string>();

/**
 * `npm run fuzz [parser …] [-- --seconds 600 --seed n]`: feed changed inputs to the readers until the time is up. Prints
 * each new finding with its seed and the smallest input that shows it; ends with 1 when there was any.
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
    console.error(
      `npm run fuzz [parser …] [-- --seconds 600 --seed n]; parsers: ${parsers.map(({ name }) => name).join(' ')}`,
    );
    process.exitCode = 2;
    return;
  }
  const chosen = parsers.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  console.log(`seed ${seed}, ${seconds} s, ${chosen.length} parsers`);
  const counts = await until(Date.now() + seconds * 1000, chosen, seed);
  for (const [name, count] of counts) console.log(`${name.padEnd(20)} ${count} inputs`);
  console.log(`${told.size} findings`);
  process.exitCode = told.size > 0 ? 1 : 0;
}

/** In turns, so that a short run still reaches every parser. */
async function until(end: number, parsers: readonly Parser[], seed: number): Promise<Map<string, number>> {
  const counts = new Map(parsers.map(({ name }) => [name, 0]));
  for (let round = 0; Date.now() < end; round += 1) {
    for (const parser of parsers) {
      for (let index = 0; index < 50 && Date.now() < end; index += 1) {
        await attempt(parser, seedAt(seed, round * 50 + index));
        counts.set(parser.name, (counts.get(parser.name) ?? 0) + 1);
      }
    }
  }
  return counts;
}

async function attempt(parser: Parser, seed: number): Promise<void> {
  const before = process.cpuUsage();
  const finding = await tryOne(parser, seed);
  const { user, system } = process.cpuUsage(before);
  const slow = (user + system) / 1000 > MOST_CPU_MS;
  if (!finding && !slow) return;
  const problem = finding?.problem ?? `${Math.round((user + system) / 1000)} ms of CPU`;
  const kind = `${parser.name} ${problem.slice(0, 60).replace(/\d+/g, 'n')}`;
  if (told.has(kind)) return;
  told.add(kind);
  console.log(finding ? await describeFinding(parser, finding) : `${parser.name}, seed ${seed}: ${problem}`);
}
