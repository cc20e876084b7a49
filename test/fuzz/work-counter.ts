import { Session, type Profiler } from 'node:inspector';

/**
 * Counts what code does instead of how long it takes: how often each block of `src/` was run (V8's precise coverage), and how
 * many octets and items a few built-in functions went through, whose cost follows the length of what they are given.
 *
 * Must be made before the modules of `src/` are loaded: V8 counts blocks only of what it compiles after that.
 */
export class WorkCounter {
  private readonly session = new Session();
  private handled = 0;

  constructor() {
    this.session.connect();
    this.post('Profiler.enable');
    this.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    this.watchBuiltins();
  }

  /** @returns blocks run, and octets or items handled by built-in functions */
  async of(run: () => Promise<void>): Promise<number> {
    this.take();
    this.handled = 0;
    await run();
    const { handled } = this;
    return this.take() + handled;
  }

  /** Blocks run since the last time. */
  private take(): number {
    const { result } = this.post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    let blocks = 0;
    for (const { url, functions } of result) {
      if (!/\/src\/[^/]+\/.*\.ts$/.test(url)) continue;
      for (const { ranges } of functions) for (const { count } of ranges) blocks += count;
    }
    return blocks;
  }

  private post(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    // Of a session within the same thread the answer comes before the call returns.
    this.session.post(method, parameters, (error, result) => {
      if (error) throw error;
      answer = result;
    });
    return answer;
  }

  private watchBuiltins(): void {
    const count = (length: number): void => void (this.handled += length);
    const { concat } = Buffer;
    Buffer.concat = (list, total) => {
      const joined = concat(list, total);
      count(joined.length);
      return joined;
    };
    const whole: Handled = ({ length }) => length;
    for (const name of ['equals', 'every', 'some', 'reduce'] as const) watch(Buffer.prototype, name, count, whole);
    for (const name of ['indexOf', 'includes'] as const) watch(Buffer.prototype, name, count, upToResult);
    watch(
      Buffer.prototype,
      'toString',
      count,
      ({ length }, [, start = 0, end = length]) => Number(end) - Number(start),
    );
    for (const name of ['concat', 'slice', 'splice', 'shift', 'sort', 'join'] as const)
      watch(Array.prototype, name, count, whole);
    for (const name of ['indexOf', 'includes'] as const) watch(Array.prototype, name, count, upToResult);
  }
}

/** How many octets or items a call went through. */
type Handled = (self: { length: number }, parameters: readonly unknown[], result: unknown) => number;

/** A search ends where it finds something; `includes` does not say where. */
const upToResult: Handled = ({ length }, [, from = 0], result) =>
  (typeof result === 'number' && result >= 0 ? result : length) - Number(from);

function watch(prototype: object, name: string, count: (length: number) => void, handled: Handled): void {
  const original = Reflect.get(prototype, name) as (...parameters: unknown[]) => unknown;
  const counted = function (this: { length: number }, ...parameters: unknown[]): unknown {
    const result = original.apply(this, parameters);
    count(handled(this, parameters, result));
    return result;
  };
  Object.defineProperty(prototype, name, { value: counted, configurable: true, writable: true });
}

/** Milliseconds of CPU, the least of three tries. */
export async function cpuOf(run: () => Promise<void>): Promise<number> {
  let least = Infinity;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
