import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../src/model/errors';
import { STATUSES } from '../../src/node-red/status';
import { CHECKOUT } from '../support/runtimes';
import { trackedFiles } from '../support/source-tree';

const NODES = join(CHECKOUT, 'nodes');
const LOCALE = join(NODES, 'locales', 'en-US');
/** Shared texts stand in this node's catalogue, below `secure-mqtt`. */
const SHARED_IN = 'tls-ca';
/** The sidebar, a plugin of the editor, has a catalogue of its own. */
const PLUGIN = 'certificates';
const PLUGIN_CATALOGUE = `plugins/locales/en-US/${PLUGIN}.json`;
const LONGEST_STATUS_WORDS = 5;

const types = readdirSync(NODES)
  .filter((file) => file.endsWith('.editor.ts'))
  .map((file) => file.slice(0, -'.editor.ts'.length));

type Catalogue = { [key: string]: string | Catalogue };

function catalogueOf(type: string): Catalogue {
  if (type === PLUGIN) return JSON.parse(readFileSync(join(CHECKOUT, PLUGIN_CATALOGUE), 'utf8')) as Catalogue;
  return JSON.parse(readFileSync(join(LOCALE, `${type}.json`), 'utf8')) as Catalogue;
}

/** Every text with its dotted key. */
function texts(catalogue: Catalogue, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(catalogue)) {
    if (typeof value === 'string') found.set(prefix + key, value);
    else for (const [inner, text] of texts(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

const placeholders = (text: string): string[] =>
  [...text.matchAll(/__(\w+?)__/g)].map(([, name]) => String(name)).sort();

const formOf = (type: string): string => readFileSync(join(NODES, `${type}.html`), 'utf8');

/** The keys in `data-i18n="key;[attribute]key"` of a form, with the attribute they go to. */
function keysOfForm(html: string): { key: string; attribute: string | undefined }[] {
  return [...html.matchAll(/data-i18n="([^"]*)"/g)].flatMap(([, all = '']) =>
    all.split(';').map((one) => {
      const [, attribute, key = ''] = /^(?:\[([\w-]+)\])?(.+)$/.exec(one) ?? [];
      return { key, attribute };
    }),
  );
}

/** Keys in the scripts of the editor: whole ones, and the constant beginning of those that are put together. */
function keysOfScripts(): { whole: Set<string>; beginnings: string[] } {
  const whole = new Set<string>();
  const beginnings: string[] = [];
  const add = (quote: string, key: string, before = '', after = ''): void => {
    const dynamic = quote === '`' ? key.indexOf('${') : -1;
    if (dynamic < 0) whole.add(before + key + after);
    else beginnings.push(before + key.slice(0, dynamic));
  };
  const files = trackedFiles().filter((file) => /^(src\/editor\/.*|(nodes|plugins)\/[^/]*\.editor)\.ts$/.test(file));
  for (const file of files) {
    const source = readFileSync(join(CHECKOUT, file), 'utf8');
    for (const [, quote = '', key = ''] of source.matchAll(/\b(?:node|this)\._\((['`])([^'`]+)\1/g)) add(quote, key);
    // Both keys of a choice: sharedText(flag ? 'a' : 'b').
    for (const [, from = '', argument = ''] of source.matchAll(
      /\b(sharedText|sidebarText)\(((?:[^()]|\([^()]*\))*)\)/g,
    )) {
      for (const [, quote = '', key = ''] of argument.matchAll(/(['`])([\w.-]+(?:\$\{[^}]*\})?[\w.-]*)\1/g)) {
        add(quote, key, from === 'sharedText' ? 'secure-mqtt.editor.' : `${PLUGIN}.`);
      }
    }
    for (const [, type, field] of source.matchAll(/\blabelText\('([\w-]+)', '(\w+)'\)/g)) {
      whole.add(`${type}.label.${field}`);
    }
  }
  return { whole, beginnings };
}

describe('the en-US catalogue', () => {
  for (const type of types) {
    describe(type, () => {
      it('has texts, help, form and icon', () => {
        const roots = type === SHARED_IN ? [type, 'secure-mqtt'] : [type];
        assert.deepEqual(Object.keys(catalogueOf(type)), roots);
        const help = readFileSync(join(LOCALE, `${type}.html`), 'utf8');
        assert.match(help, new RegExp(`^<script type="text/html" data-help-name="${type}">\\n[\\s\\S]*</script>\\n$`));
        assert.match(formOf(type), new RegExp(`^<script type="text/html" data-template-name="${type}">`));
        assert.ok(existsSync(join(CHECKOUT, 'icons', `${type}.svg`)));
      });

      it('has every text that the form asks for', () => {
        const known = texts(catalogueOf(type));
        assert.deepEqual(
          keysOfForm(formOf(type)).filter(({ key }) => !known.has(key)),
          [],
        );
      });

      it('shows markup only where the form takes it', () => {
        const asMarkup = new Set(
          keysOfForm(formOf(type)).flatMap(({ key, attribute }) => (attribute === 'html' ? [key] : [])),
        );
        const wrong = [...texts(catalogueOf(type))].filter(([key, text]) => /<\w/.test(text) && !asMarkup.has(key));
        assert.deepEqual(wrong, []);
      });

      it('has no text in the form itself', () => {
        const bare = formOf(type)
          .replace(/<[^>]*>/g, '\n')
          .split('\n')
          .map((line) => line.trim())
          // Names of protocols and bare numbers are the same in every language.
          .filter((line) => /[a-z]{3}/i.test(line) && !/^(MQTT|TLS|IPv)/.test(line));
        assert.deepEqual(bare, []);
      });
    });
  }

  it('has every text that a script asks for, and none that nobody asks for', () => {
    const known = new Map([...types, PLUGIN].flatMap((type) => [...texts(catalogueOf(type))]));
    const { whole, beginnings } = keysOfScripts();
    assert.deepEqual(
      [...whole].filter((key) => !known.has(key)),
      [],
      'asked for, but missing',
    );
    assert.deepEqual(
      beginnings.filter((beginning) => ![...known.keys()].some((key) => key.startsWith(beginning))),
      [],
      'put together, but nothing begins so',
    );
    const used = new Set([...whole, ...types.flatMap((type) => keysOfForm(formOf(type)).map(({ key }) => key))]);
    const runtime = /^secure-mqtt\.(status|errors|settings)\./;
    const dead = [...known.keys()].filter(
      (key) => !used.has(key) && !runtime.test(key) && !beginnings.some((beginning) => key.startsWith(beginning)),
    );
    assert.deepEqual(dead, [], 'texts that nobody asks for');
  });

  it('has the words of every status, with its placeholders', () => {
    const shared = catalogueOf(SHARED_IN)['secure-mqtt'] as { status: Record<string, string> };
    assert.deepEqual(Object.keys(shared.status), Object.keys(STATUSES));
    for (const [name, { text }] of Object.entries(STATUSES)) {
      assert.deepEqual(placeholders(shared.status[name] ?? ''), placeholders(text), name);
    }
  });

  it('has a few words for every error code', () => {
    const shared = catalogueOf(SHARED_IN)['secure-mqtt'] as { errors: Record<string, string> };
    assert.deepEqual(Object.keys(shared.errors).sort(), Object.keys(ERROR_CODES).sort());
    const long = Object.entries(shared.errors).filter(([, text]) => text.split(' ').length > LONGEST_STATUS_WORDS);
    assert.deepEqual(long, [], 'too long for the line under a node');
    const settings = (shared as unknown as { settings: Record<string, string> }).settings;
    assert.ok(Object.values(settings).every((text) => text.split(' ').length <= LONGEST_STATUS_WORDS));
    const meanings = [...Object.values(shared.errors), ...Object.values(settings)];
    assert.equal(new Set(meanings).size, meanings.length, 'two codes with the same words');
  });
});

describe('the dialogs', () => {
  // A dark theme exists since Node-RED 5, and other themes for all.
  it('take every colour from the theme', () => {
    const files = trackedFiles().filter((file) => /^(src\/editor\/.*\.ts|nodes\/[^/]*\.html)$/.test(file));
    const coloured = files.filter((file) =>
      /(?<![&\w])#[0-9a-f]{3,8}\b|\b(rgba?|hsla?)\(|color:\s*(white|black|red|green|gr[ae]y)\b/i.test(
        readFileSync(join(CHECKOUT, file), 'utf8').replace(/href="#[^"]*"/g, ''),
      ),
    );
    assert.deepEqual(coloured, []);
  });

  it('are of one family of icons', () => {
    for (const file of readdirSync(join(CHECKOUT, 'icons'))) {
      const icon = readFileSync(join(CHECKOUT, 'icons', file), 'utf8');
      assert.match(icon, /^<svg width="40" height="60" viewBox="0 0 40 60" xmlns="[^"]*"><g fill="none" stroke="#fff"/);
      assert.ok(!/<script|href=|on\w+=/.test(icon), file);
    }
  });
});
