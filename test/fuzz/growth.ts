import { isCodedError } from '../../src/model/errors';
import { cpuOf, type WorkCounter } from './work-counter';

/** A hostile form of input that can be made as large as one likes. */
export interface Shape {
  name: string;
  /** Number of its parts at size 1; it is read at sizes 1, 2, 4 and 8. */
  parts: number;
  make(parts: number): unknown;
  read(input: never): unknown;
  /** More is known of it than "twice as large, twice the work", with the reason. */
  most?: { exponent: number; because: string };
}

/** What one more doubling costs: 1 is twice the work, 2 four times. */
export interface Growth {
  name: string;
  /** Steps of our own code, and octets that it moved, at each size. */
  work: number[];
  workExponent: number;
  /** Milliseconds of CPU at each size; empty when only the work was counted. */
  cpuMs: number[];
  cpuExponent: number;
}

const SIZES = [1, 2, 4, 8] as const;
/** Linear reading with a logarithm (a sort, a map) stays below; a square has 2. */
export const MOST_EXPONENT = 1.35;
/** What is shorter than this at the largest size is noise on any clock. */
const SHORTEST_MS = 4;

/** Read a shape at all sizes. */
export async function growthOf(shape: Shape, counter: WorkCounter, timed: boolean): Promise<Growth> {
  const inputs = await Promise.all(SIZES.map((size) => shape.make(shape.parts * size)));
  // What is made once (tables, caches, lazy functions) is not counted.
  await attempt(shape, inputs[0]);
  const work: number[] = [];
  for (const input of inputs) work.push(await counter.of(() => attempt(shape, input)));
  const cpuMs: number[] = [];
  for (const input of timed ? inputs : []) cpuMs.push(await cpuOf(() => attempt(shape, input)));
  return { name: shape.name, work, workExponent: exponent(work), cpuMs, cpuExponent: exponent(cpuMs) };
}

/** What grows faster than it may; undefined for a shape that does not. */
export function tooSteep({ most }: Shape, growth: Growth): string | undefined {
  const limit = most?.exponent ?? MOST_EXPONENT;
  if (growth.workExponent > limit) return `work grows with exponent ${growth.workExponent.toFixed(2)}`;
  const longest = growth.cpuMs.at(-1) ?? 0;
  // A clock is less exact than a counter.
  if (longest > SHORTEST_MS && growth.cpuExponent > limit + 0.25)
    return `time grows with exponent ${growth.cpuExponent.toFixed(2)}, ${longest.toFixed(0)} ms at ${SIZES.at(-1)} times the size`;
  return undefined;
}

/** Of the last doubling but one on: at the small end what does not grow counts most. */
function exponent(values: readonly number[]): number {
  const [last, before] = [values.at(-1) ?? 0, values.at(-3) ?? 0];
  return before > 0 ? Math.log2(last / before) / 2 : 0;
}

async function attempt(shape: Shape, input: unknown): Promise<void> {
  try {
    await shape.read(input as never);
  } catch (error) {
    if (!isCodedError(error)) throw error;
  }
}
