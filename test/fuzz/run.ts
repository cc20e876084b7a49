/* eslint-disable @typescript-eslint/no-require-imports -- the counter of steps has to be there before the readers are loaded */
import type * as RunGrowth from './run-growth';
import type * as RunParsers from './run-parsers';

/** `npm run fuzz [parser …] [-- --seconds 600 --seed n]`, or `npm run fuzz -- growth [shape …] [--count]`. */
const [what, ...others] = process.argv.slice(2);
if (what === 'growth') void (require('./run-growth') as typeof RunGrowth).runGrowth(others);
else void (require('./run-parsers') as typeof RunParsers).runParsers(process.argv.slice(2));
