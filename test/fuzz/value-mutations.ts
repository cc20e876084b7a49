import type { SeededRandom } from '../support/seeded-random';
import { changedText } from './text-mutations';

/** Thrown by a value itself when somebody looks at it: no reader can help that. */
export class ThrownByValue extends Error {}

function failing(): never {
  throw new ThrownByValue('do not look at me');
}

/** What a function node can put where a text was expected; each call makes it anew. */
const ODD: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => true,
  () => false,
  () => 0,
  () => -1,
  () => NaN,
  () => Infinity,
  () => 1e308,
  () => 2 ** 53,
  () => 10n ** 400n,
  () => Symbol.iterator,
  () => '',
  () => [],
  () => [[]],
  () => [undefined],
  () => ({}),
  () => Object.create(null) as unknown,
  // What JSON can hold and no conversion survives.
  () => JSON.parse('{"toString":1,"valueOf":1}') as unknown,
  () => JSON.parse('{"__proto__":{"commonName":"x"}}') as unknown,
  () => JSON.parse('{"toJSON":1,"length":-1}') as unknown,
  () => new Date(0),
  () => new Map([['commonName', 'x']]),
  () => Buffer.from('commonName'),
  () => new Uint8Array(3),
  () => /x/,
  () => Math.max,
  () => new Error('x'),
  cyclic,
  () => deep(300),
  () => Array.from({ length: 10_001 }, () => 'x'),
  // Holes only.
  () => new Array(100_000),
  () => Object.defineProperty({ topic: 'a' }, 'commonName', { get: failing, enumerable: true }),
  () => Object.defineProperty(['a'], 0, { get: failing, enumerable: true }),
  () => new Proxy({}, { get: failing, ownKeys: failing, getPrototypeOf: failing }),
  () => new Proxy([], { get: (_target, key) => (key === 'length' ? 3 : failing()) }),
  () => ({ toString: failing, valueOf: failing, toJSON: failing }),
];

function cyclic(): unknown {
  const object: Record<string, unknown> = {};
  object.self = object;
  return object;
}

function deep(levels: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

function any<T>(random: SeededRandom, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

/**
 * A value like one of the valid ones, with strange ones in the place of some of its parts.
 *
 * @param valid plain data: texts, numbers, arrays, objects
 */
export function changedValue(valid: readonly unknown[], random: SeededRandom): unknown {
  return changed(any(random, valid), valid, random);
}

function changed(value: unknown, valid: readonly unknown[], random: SeededRandom): unknown {
  const chance = random.below(12);
  if (chance === 0) return any(random, ODD)();
  if (chance === 1) return structuredClone(any(random, valid));
  if (typeof value === 'string') return random.below(2) === 0 ? value : changedText([value], random);
  if (Array.isArray(value)) return value.map((item) => changed(item, valid, random));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(() => random.below(10) !== 0);
  const result: Record<string, unknown> = {};
  for (const [name, part] of entries) result[name] = changed(part, valid, random);
  if (random.below(10) === 0) result[changedText(Object.keys(value), random)] = any(random, ODD)();
  return result;
}
