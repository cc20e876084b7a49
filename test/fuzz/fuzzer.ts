import assert from 'node:assert/strict';
import { inspect, isDeepStrictEqual } from 'node:util';
import { isCodedError } from '../../src/model/errors';
import { SeededRandom } from '../support/seeded-random';
import { ThrownByValue } from './value-mutations';

/**
 * One reader of foreign input under test. Any input ends in a value or in a coded error of `codes`, whose message is one
 * short line; the input itself is never changed.
 */
export interface Parser<Input = unknown> {
  name: string;
  /** Inputs in CI; the slow ones take fewer. */
  runs: number;
  /** Made anew from the same random numbers it is equal: that is how a change of the input shows. */
  make(random: SeededRandom): Input;
  read(input: Input): unknown;
  codes: RegExp;
  /** What must be true of an accepted input; throws when it is not. */
  holds?(value: never, input: Input): void | Promise<void>;
}

/** An input that broke a rule. */
export interface Finding {
  parser: string;
  /** Makes the input again, as far as the keys of the samples, which are new in every process, let it. */
  seed: number;
  problem: string;
  input: unknown;
}

/** Longer than any message needs to be: a log must not grow with what an attacker sends. */
const LONGEST_MESSAGE = 1200;
const LONGEST_FACTS = 20_000;
/** Of an input that is shown. */
const LONGEST_SHOWN = 3000;
// eslint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/;

/** The seed of the n-th input of a run. */
export function seedAt(seed: number, index: number): number {
  return (Math.imul(seed + 1, 0x9e3779b1) + Math.imul(index, 0x85ebca6b)) >>> 0;
}

/** @returns what is wrong with the reading of one input, undefined when all is well */
export async function judge(parser: Parser, input: unknown): Promise<string | undefined> {
  let value: unknown;
  try {
    value = await parser.read(input);
  } catch (error) {
    return judgeError(parser, error);
  }
  try {
    await parser.holds?.(value as never, input);
    return undefined;
  } catch (error) {
    return `accepted, but ${error instanceof Error ? (error.stack ?? error.message) : inspect(error)}`;
  }
}

function judgeError({ codes }: Parser, error: unknown): string | undefined {
  if (error instanceof ThrownByValue) return undefined;
  if (!isCodedError(error)) return `no coded error: ${error instanceof Error ? error.stack : inspect(error)}`;
  const { code, message, cause } = error;
  if (!codes.test(code)) return `${code} is none of ${codes.source}: ${message}`;
  if (message.length > LONGEST_MESSAGE) return `a message of ${message.length} characters: ${message.slice(0, 100)}`;
  if (CONTROL.test(message)) return `a message with control characters: ${JSON.stringify(message)}`;
  const facts = inspect(cause, { maxArrayLength: null, maxStringLength: null, depth: 8 }).length;
  return facts > LONGEST_FACTS ? `facts of ${facts} characters` : undefined;
}

/**
 * Make one input from its seed and judge it.
 *
 * @param onInput sees it before it is read
 */
export async function tryOne(
  parser: Parser,
  seed: number,
  onInput?: (input: unknown) => void,
): Promise<Finding | undefined> {
  const input = parser.make(new SeededRandom(seed));
  onInput?.(input);
  const problem = await judge(parser, input);
  if (problem !== undefined) return { parser: parser.name, seed, problem, input };
  const make = (): unknown => parser.make(new SeededRandom(seed));
  const again = make();
  return isSame(input, again, make)
    ? undefined
    : { parser: parser.name, seed, problem: 'the input was changed', input: again };
}

/** What fails on being looked at (a getter), or is not even equal to its like (a proxy), cannot be compared. */
function isSame(input: unknown, again: unknown, like: () => unknown): boolean {
  try {
    return isDeepStrictEqual(input, again) || !isDeepStrictEqual(again, like());
  } catch {
    return true;
  }
}

/** Assert that a number of inputs hold. */
export async function assertHolds(parser: Parser, runs: number, seed: number): Promise<void> {
  for (let index = 0; index < runs; index += 1) {
    const finding = await tryOne(parser, seedAt(seed, index));
    if (finding) assert.fail(await describeFinding(parser, finding));
  }
}

/** A finding with its input made as small as it gets. */
export async function describeFinding(parser: Parser, { seed, problem, input }: Finding): Promise<string> {
  const kind = kindOf(problem);
  const small = await minimised(input, async (smaller) => kindOf((await judge(parser, smaller)) ?? '') === kind);
  return `${parser.name}, seed ${seed}: ${problem}\ninput: ${show(small)}`;
}

/** Inputs that fail in the same way count as the same finding, whatever numbers the message holds. */
function kindOf(problem: string): string {
  return problem.slice(0, 60).replace(/\d+/g, 'n');
}

/** Take away halves, quarters … and keep what still fails; bytes and texts only. */
async function minimised(input: unknown, fails: (input: unknown) => Promise<boolean>): Promise<unknown> {
  if (typeof input !== 'string' && !Buffer.isBuffer(input)) return input;
  let small: string | Buffer = input;
  let tries = 3000;
  for (let size = small.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= small.length && tries > 0; tries -= 1) {
      const shorter: string | Buffer =
        typeof small === 'string'
          ? small.slice(0, at) + small.slice(at + size)
          : Buffer.concat([small.subarray(0, at), small.subarray(at + size)]);
      if (await fails(shorter)) small = shorter;
      else at += size;
    }
  }
  return small;
}

function show(input: unknown): string {
  if (Buffer.isBuffer(input)) return `${input.length} bytes, hex ${input.toString('hex').slice(0, LONGEST_SHOWN)}`;
  return inspect(input, { depth: 6, maxArrayLength: 20, maxStringLength: 1000 }).slice(0, LONGEST_SHOWN);
}
