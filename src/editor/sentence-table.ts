/** Stands for a value in the tables of the probe's texts (`scripts/code-texts.mjs`). */
const FILLED_IN = '…';

/** Values that are English words themselves ("3 days", "; or its clock is wrong"): half a translation helps nobody. */
const WORDS = /^\d+ [a-z]+$|^; /;

/**
 * Sentences and their translations, found again for a sentence whose values are filled in.
 *
 * A table is one text, because the catalogues of the editor hold texts only: lines in pairs, English and translation, both
 * without the final period (written by `scripts/build.mjs`). In place of a value stands `…`, in a translation as often
 * and in the same order as in English.
 */
export class SentenceTable {
  private readonly fixed = new Map<string, string>();
  private readonly patterns: { parts: string[]; length: number; translation: string }[] = [];

  /** @param lines English, translation, English, translation … */
  constructor(lines: string) {
    const texts = lines.split('\n');
    for (let at = 0; at + 1 < texts.length; at += 2) this.add(texts[at] ?? '', texts[at + 1] ?? '');
    // Of two that fit the one that says more: the other one has its words as a value.
    this.patterns.sort((a, b) => b.length - a.length);
  }

  private add(english: string, translation: string): void {
    if (!english.includes(FILLED_IN)) {
      this.fixed.set(english, translation);
      return;
    }
    this.patterns.push({ parts: english.split(FILLED_IN), length: english.length, translation });
  }

  /**
   * The translation, with the values of the sentence.
   *
   * @param sentence with or without its final period
   * @returns undefined for a sentence that is not in the table
   */
  translationOf(sentence: string): string | undefined {
    const said = sentence.replace(/\.$/, '');
    const fixed = this.fixed.get(said);
    if (fixed !== undefined) return fixed;
    for (const { parts, translation } of this.patterns) {
      const values = valuesBetween(parts, said);
      if (values && !values.some((value) => WORDS.test(value))) {
        return translation.replaceAll(FILLED_IN, () => values.shift() ?? FILLED_IN);
      }
    }
    return undefined;
  }
}

/**
 * What stands in a sentence between the parts of an English one, each value as short as it gets; undefined when the parts do not
 * follow each other. A regular expression would try every division of a value that repeats the words of a part: a server
 * chooses its names, and the editor shows them.
 */
function valuesBetween([first = '', ...others]: readonly string[], sentence: string): string[] | undefined {
  if (!sentence.startsWith(first) || sentence.includes('\n')) return undefined;
  const values: string[] = [];
  let at = first.length;
  for (const [index, part] of others.entries()) {
    const isLast = index === others.length - 1;
    // The last part ends the sentence.
    const next = isLast && sentence.endsWith(part) ? sentence.length - part.length : sentence.indexOf(part, at);
    if (next < at || (isLast && !sentence.endsWith(part))) return undefined;
    values.push(sentence.slice(at, next));
    at = next + part.length;
  }
  return values;
}
