import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CHECKOUT } from './runtimes';

const COOKBOOK = join(CHECKOUT, 'docs', 'cookbook');

/** A fenced block of a page of docs/cookbook: "```python publish.py". */
export interface Snippet {
  page: string;
  language: string;
  /** Empty for a block that is no file. */
  name: string;
  text: string;
}

/** All pages, as file names. */
export function cookbookPages(): string[] {
  return readdirSync(COOKBOOK).filter((file) => file.endsWith('.md'));
}

/** The snippets of a page in their order; a list may indent them. */
export function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(COOKBOOK, page), 'utf8');
  return [...text.matchAll(/^( *)```(\w*)(?: (\S+))?\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', name = '', body = '']) => ({
      page,
      language,
      name,
      text: body.replace(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}

/** @throws Error when the page has no such snippet */
export function snippet(page: string, name: string): string {
  const found = snippetsOf(page).find((one) => one.name === name);
  if (!found) throw new Error(`docs/cookbook/${page} has no snippet ${name}`);
  return found.text;
}

/** The parser that mocha reads its own settings with: the tests need no other one. */
const yaml = createRequire(require.resolve('mocha/package.json'))('js-yaml') as { load(text: string): unknown };

/** What is read of a compose.yaml. */
export interface Compose {
  services: Record<string, { image?: string; user?: string; command?: string; ports?: string[]; volumes?: string[] }>;
  volumes?: Record<string, unknown>;
}

export function readCompose(text: string): Compose {
  return yaml.load(text) as Compose;
}
