import { types } from 'node:util';
import { Worker } from 'node:worker_threads';

const { isUint8Array } = types;

/** Of an input that may be written down; a longer one is cut. */
const LONGEST_INPUT = 256 * 1024;

/**
 * Tells which input is being read when reading it does not end. The thread that reads cannot tell: it is busy, so another one
 * looks whether it still goes on to new inputs, writes the present one into a file, and ends the process.
 */
export class Watchdog {
  /** Number of the input, its parser, its seed, octets of it that are kept. */
  private readonly state = new Int32Array(new SharedArrayBuffer(16));
  private readonly input = new Uint8Array(new SharedArrayBuffer(LONGEST_INPUT));
  private readonly worker: Worker;

  /** @param parsers their names, in the order of the numbers given to {@link watch} */
  constructor(parsers: readonly string[], seconds: number) {
    const { state, input } = this;
    this.worker = new Worker(PATROL, { eval: true, workerData: { state, input, parsers, seconds } });
    this.worker.unref();
  }

  /** The next input. */
  watch(parser: number, seed: number, input: unknown): void {
    const kept = bytesOf(input).subarray(0, LONGEST_INPUT);
    this.input.set(kept);
    this.state.set([parser, seed | 0, kept.length], 1);
    Atomics.add(this.state, 0, 1);
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Of a hostile object nothing is asked, not even `instanceof`: it may throw, or never answer. */
function bytesOf(input: unknown): Uint8Array {
  if (typeof input === 'string') return Buffer.from(input);
  return isUint8Array(input) ? input : new Uint8Array(0);
}

/** Plain JavaScript: a thread does not take over the loader of TypeScript. */
const PATROL = `
const { workerData: { state, input, parsers, seconds } } = require('node:worker_threads');
const { writeFileSync, writeSync } = require('node:fs');
const { join } = require('node:path');
const { tmpdir } = require('node:os');
let [last, since] = [0, Date.now()];
setInterval(() => {
  const present = Atomics.load(state, 0);
  if (present !== last) [last, since] = [present, Date.now()];
  if (Date.now() - since < seconds * 1000) return;
  const [, parser, seed, length] = state;
  const path = join(tmpdir(), 'fuzz-' + parsers[parser] + '-' + (seed >>> 0));
  if (length > 0) writeFileSync(path, input.slice(0, length), { mode: 0o600 });
  writeSync(1, parsers[parser] + ', seed ' + (seed >>> 0) + ': reading did not end within ' + seconds + ' s'
    + (length > 0 ? '; the input is in ' + path : '') + '\\n1 findings\\n');
  process.kill(process.pid, 'SIGKILL');
}, 1000);
`;
