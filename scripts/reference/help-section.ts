import { readSource } from './checkout';
import { plain } from './markdown';

/** What a section of the help of a node names, each with its type and meaning. */
export interface HelpEntry {
  name: string;
  optional: boolean;
  type: string;
  meaning: string;
}

export interface HelpSection {
  entries: HelpEntry[];
  /** The paragraphs around them. */
  paragraphs: string[];
}

/**
 * A section of the English help of a node.
 *
 * @param title as its heading: `Inputs`
 * @returns undefined for a node without such a section
 */
export function helpSection(type: string, title: string): HelpSection | undefined {
  const help = readSource(`nodes/locales/en-US/${type}.html`);
  const [, section] = new RegExp(`<h3>${title}</h3>([\\s\\S]*?)(?=<h3>|</script>)`).exec(help) ?? [];
  if (section === undefined) return undefined;
  const entries = [...section.matchAll(/<dt( class="optional")?>([\s\S]*?)<\/dt>\s*<dd>([\s\S]*?)<\/dd>/g)].map(
    ([, optional, term = '', meaning = '']) => ({
      name: toMarkdown(term.replace(/<span[\s\S]*/, '')),
      optional: optional !== undefined,
      type: toMarkdown(/<span class="property-type">([\s\S]*?)<\/span>/.exec(term)?.[1] ?? ''),
      meaning: toMarkdown(meaning),
    }),
  );
  const around = section.replace(/<dl[\s\S]*?<\/dl>/g, '');
  const paragraphs = [...around.matchAll(/<p>([\s\S]*?)<\/p>/g)].map(([, text = '']) => toMarkdown(text));
  return { entries, paragraphs };
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', rarr: '→', nbsp: ' ' };

/** The few tags that our help uses. */
function toMarkdown(html: string): string {
  const marked = html
    .replace(/<code>([\s\S]*?)<\/code>/g, '`$1`')
    .replace(/<br>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const withoutTags = marked
    .split(/(<\/?(?:i|b)>)/)
    .map((piece) => (/^<\/?i>$/.test(piece) ? '*' : /^<\/?b>$/.test(piece) ? '**' : plain(decoded(piece))))
    .join('');
  return withoutTags;
}

function decoded(text: string): string {
  return text.replace(/&(\w+);/g, (entity, name: string) => ENTITIES[name] ?? entity);
}
