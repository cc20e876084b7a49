import { parseArgs } from 'node:util';
import type * as GrowthShapes from './growth-shapes';
import { growthOf, tooSteep, type Growth, type Shape } from './growth';
import { WorkCounter } from './work-counter';

/**
 * Read each shape at 1, 2, 4 and 8 times its size, and say how work and time grow. Ends with 1 when one grows faster than it
 * may. With `--count` the clock is not looked at, so that the answer is the same on every machine.
 */
export async function runGrowth(parameters: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: parameters,
    allowPositionals: true,
    options: { count: { type: 'boolean', default: false } },
  });
  const counter = new WorkCounter();
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- after the counter was made
  const { CONTROL, SHAPES } = require('./growth-shapes') as typeof GrowthShapes;
  const chosen = SHAPES.filter(({ name }) => positionals.every((part) => name.includes(part)));
  const control = await growthOf(CONTROL, counter, false);
  if (control.workExponent < 1.9) throw new Error(`the counter does not see a square: ${control.work.join(', ')}`);
  let steep = 0;
  for (const shape of chosen) {
    const growth = await growthOf(shape, counter, !values.count);
    const problem = tooSteep(shape, growth);
    if (problem) steep += 1;
    console.log(row(shape, growth, problem));
  }
  console.log(`${chosen.length} shapes, ${steep} too steep`);
  process.exitCode = steep > 0 || chosen.length === 0 ? 1 : 0;
}

function row({ name, parts }: Shape, { work, workExponent, cpuMs, cpuExponent }: Growth, problem?: string): string {
  const time = cpuMs.length > 0 ? `  time ^${cpuExponent.toFixed(2)} ${(cpuMs.at(-1) ?? 0).toFixed(1)} ms` : '';
  const size = String(parts * 8).padStart(6);
  return `${name.padEnd(44)}${size} parts  work ^${workExponent.toFixed(2)} ${work.at(-1)}${time}${problem ? `  ${problem}` : ''}`;
}
