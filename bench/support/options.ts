/** `--brief`: a few rounds with small numbers, to see that a bench runs; its figures go nowhere but to the screen. */
export const BRIEF = process.argv.includes('--brief');
/** `--long`: more and longer rounds, for a quiet machine. */
export const LONG = process.argv.includes('--long');

/** The value for this run. */
export const sized = <T>(brief: T, usual: T, long: T = usual): T => (BRIEF ? brief : LONG ? long : usual);
