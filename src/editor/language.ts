/**
 * How dates and numbers are written: as the browser does where it speaks the language of the editor (an en-GB browser
 * keeps its order of day and month), else in the language of the editor, so that no English month stands in a German
 * sentence.
 */
export function formatLocale(): string | undefined {
  const language = RED.i18n.lang();
  return primary(language) === primary(navigator.language) ? undefined : language;
}

/** A day as people write it. @param time ISO 8601 */
export function dateText(time: string, dateStyle: 'medium' | 'long' = 'medium'): string {
  return new Date(time).toLocaleDateString(formatLocale(), { dateStyle });
}

/** A count with the marks between its thousands. */
export function countText(count: number): string {
  return count.toLocaleString(formatLocale());
}

/** True when the editor speaks the language in which the messages of errors are written. */
export function isEnglish(): boolean {
  return primary(RED.i18n.lang()) === 'en';
}

function primary(tag: string): string {
  return tag.split('-', 1)[0]?.toLowerCase() ?? '';
}
