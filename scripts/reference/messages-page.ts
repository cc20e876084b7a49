import { readSource } from './checkout';
import { helpSection, type HelpSection } from './help-section';
import { fieldsOf, type Field } from './interface-fields';
import { code, plain, sentence, table } from './markdown';
import { NODES, type NodeRow } from './node-rows';

/** `docs/reference/messages.md`: what goes into each node and what comes out, and its properties. */
export function messagesPage(): string {
  return INTRODUCTION + NODES.map(chapter).join('');
}

function chapter(node: NodeRow): string {
  const { type, results = [], defaults } = node;
  const parts = [`\n## ${type}\n`, purpose(type)];
  for (const title of ['Inputs', 'Outputs']) {
    const section = helpSection(type, title);
    if (section) parts.push(`### ${title} of ${type}\n`, ...sectionText(section));
  }
  for (const { title, file, name } of results) {
    parts.push(`${title}:\n`, table(['field', 'type', 'meaning'], fieldsOf(file, name).map(fieldRow)));
  }
  parts.push(`### Properties of ${type}\n`, propertyTable(node, defaults), credentials(type));
  return parts.filter((part) => part !== '').join('\n');
}

function purpose(type: string): string {
  const [, text = ''] = /<p>([\s\S]*?)<\/p>/.exec(readSource(`nodes/locales/en-US/${type}.html`)) ?? [];
  return `${text
    .replace(/<\/?[ib]>/g, '*')
    .replace(/\s+/g, ' ')
    .trim()}\n`;
}

function sectionText({ entries, paragraphs }: HelpSection): string[] {
  const rows = entries.map(({ name, optional, type, meaning }) => [
    `**${name}**${optional ? ' (optional)' : ''}`,
    type,
    sentence(meaning),
  ]);
  return [
    ...(rows.length > 0 ? [table(['msg.', 'type', 'meaning'], rows)] : []),
    ...paragraphs.map((one) => `${one}\n`),
  ];
}

function fieldRow({ name, optional, type, meaning }: Field): string[] {
  return [code(name) + (optional ? ' (optional)' : ''), code(type.replaceAll("'", '"')), plain(meaning)];
}

/** Property, default, and what its comment in the source says; a typed input and its type are one row. */
function propertyTable({ config: [file, name] }: NodeRow, defaults: object): string {
  const fields = new Map(fieldsOf(file, name).map((field) => [field.name, field]));
  const typed = (property: string) => `${property}Type` in defaults;
  const rows = Object.entries(defaults)
    .filter(([property]) => !(property.endsWith('Type') && property.slice(0, -4) in defaults))
    .filter(([property]) => property !== 'version')
    .map(([property, value]) => {
      const field = fields.get(property);
      const type = (field?.type ?? '').replaceAll("'", '"') + (typed(property) ? ' (typed input)' : '');
      return [code(property), code(type), code(JSON.stringify(value)), plain(field?.meaning ?? '')];
    });
  return table(['property', 'type', 'default', 'meaning'], rows);
}

/** Secrets are kept apart from the flow. */
function credentials(type: string): string {
  const [, block] = /\bcredentials: \{([^}]*(?:\{[^}]*\}[^}]*)*)\}/.exec(readSource(`nodes/${type}.editor.ts`)) ?? [];
  const names = [...(block ?? '').matchAll(/(\w+): \{ type: ['"]password['"]/g)].map(([, name = '']) => code(name));
  return names.length > 0 ? `Credentials, kept apart from the flow and never shown again: ${names.join(', ')}.\n` : '';
}

const INTRODUCTION = `# Messages and properties

For flows: what goes into a node, what comes out of it. For flows that are made by programs, or read as JSON: the properties. Types and defaults
are those of the source; *typed input* means that the property has a second one of the same name with \`Type\` behind it, which is
\`str\`, \`msg\`, \`flow\`, \`global\`, \`env\`, \`json\`, \`num\` or \`jsonata\`. Times are ISO 8601 in UTC, serial numbers upper-case hex.

Everything else of a message is passed on as it came. What goes wrong comes to a *catch* node with one of the [codes](codes.md).
`;
