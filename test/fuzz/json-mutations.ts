import type { SeededRandom } from '../support/seeded-random';
import { changedText } from './text-mutations';
import { changedValue } from './value-mutations';

/** The text of JSON with strange values in the place of some of its parts, or changed as a text. */
export function changedJson(valid: readonly string[], random: SeededRandom): string {
  const text = valid[random.below(valid.length)] as string;
  if (random.below(4) === 0) return changedText(valid, random);
  try {
    return JSON.stringify(changedValue([JSON.parse(text) as unknown], random)) ?? '';
  } catch {
    // What no JSON can hold (a cycle, a big number), or several lines of it.
    return changedText(valid, random);
  }
}

/** Each line is JSON of its own. */
export function changedJsonLines(text: string, random: SeededRandom): string {
  const lines = text.split('\n');
  const at = random.below(lines.length);
  lines[at] = changedJson([lines[at] ?? ''], random);
  return lines.join('\n');
}
