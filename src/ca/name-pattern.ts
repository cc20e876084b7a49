/** Surrogates: only a text with one of them has characters of two code units. */
const SURROGATE = /[\uD800-\uDFFF]/;

/**
 * A test whether names match a pattern with `*` (any text) and `?` (one character), without regard to case. No regular
 * expression: a hostile pattern must not cost exponential time. It is asked of every certificate of a CA, so the texts
 * between the stars are compared whole where they can be.
 *
 * @param pattern `Dev*`, `*pump?`, `*kitchen*`
 */
export function namePattern(pattern: string): (name: string) => boolean {
  const lower = pattern.toLowerCase();
  const parts = lower.split('*');
  const [first = ''] = parts;
  if (!lower.includes('?')) {
    if (parts.length === 1) return (name) => name.toLowerCase() === lower;
    return (name) => hasInOrder(name.toLowerCase(), parts);
  }
  const glob = characters(lower);
  const literal = first.slice(0, (first + '?').indexOf('?'));
  return (name) => {
    const text = name.toLowerCase();
    return text.startsWith(literal) && matches(characters(text), glob);
  };
}

/** The first part at the beginning, the last one at the end, the others in between, one behind the other. */
function hasInOrder(text: string, parts: readonly string[]): boolean {
  const last = parts.length - 1;
  const [first = ''] = parts;
  const ending = parts[last] ?? '';
  const end = text.length - ending.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(ending)) return false;
  let from = first.length;
  for (let index = 1; index < last; index += 1) {
    const part = parts[index] ?? '';
    const found = text.indexOf(part, from);
    if (found === -1 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}

/** A text by its characters: an array costs ten times as much as the text itself, which nearly always will do. */
function characters(text: string): ArrayLike<string> {
  return SURROGATE.test(text) ? [...text] : text;
}

/** After a character that does not fit, the last star takes one character more. */
function matches(text: ArrayLike<string>, glob: ArrayLike<string>): boolean {
  let at = 0;
  let star = -1;
  let retry = 0;
  let from = 0;
  while (from < text.length) {
    if (glob[at] === '*') {
      star = at;
      retry = from;
      at += 1;
    } else if (glob[at] === '?' || glob[at] === text[from]) {
      at += 1;
      from += 1;
    } else if (star !== -1) {
      at = star + 1;
      retry += 1;
      from = retry;
    } else return false;
  }
  while (glob[at] === '*') at += 1;
  return at === glob.length;
}
