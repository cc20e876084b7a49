import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ERROR_CODES } from '../../src/model/errors';
import { CHECKOUT } from '../support/runtimes';
import { readTracked, trackedFiles } from '../support/source-tree';

/** A path of this checkout in backticks: `src/pki/profiles.ts`, `test/unit`, `scripts/start.mjs`. */
const NAMED_PATH = /`((?:src|nodes|test|scripts|docs|examples|\.ci)\/[\w./@-]*)`/g;
/** `[text](target)`, and `[label]: target` at the end of a page. */
const LINK = /\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm;
const LABEL_USED = /\]\[([^\]]+)\]/g;
const COMMAND = /\bnpm run ([\w:-]+)/g;
/** The README is shown by npm, the palette manager and the Flow Library too: its links are absolute, and lead here. */
const OWN_ADDRESS =
  /^https:\/\/(?:github\.com\/flowcerts\/node-red-secure-mqtt\/(?:blob|tree)|raw\.githubusercontent\.com\/flowcerts\/node-red-secure-mqtt)\/main\//;
/** What a message on the screen is called in the documents: a code in backticks. */
const CODE = /`((?:INPUT|PEM|DER|P12|KEY|CSR|CERT|CRL|CA|STORE|TLS|NET|MQTT)_[A-Z0-9_]+)`/g;

const documents = trackedFiles().filter((file) => file.endsWith('.md'));
const pictures = trackedFiles().filter((file) => /^docs\/pictures\//.test(file));
const scripts = (JSON.parse(readTracked('package.json')) as { scripts: Record<string, string> }).scripts;

/** A file of this checkout, and the place in it. */
interface Target {
  path: string;
  anchor: string;
}

/** Where the links of a document lead within this checkout. */
function targets(file: string): Target[] {
  return [...readTracked(file).matchAll(LINK)]
    .map(([, inline, labelled]) => inline ?? labelled ?? '')
    .filter((target) => OWN_ADDRESS.test(target) || !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = decodeURI(target.replace(OWN_ADDRESS, '/')).split('#');
      if (path === '') return { path: file, anchor };
      return { path: path.startsWith('/') ? path.slice(1) : posix.join(posix.dirname(file), path), anchor };
    });
}

/** The anchors of a page as GitHub makes them: lower case, without signs, blanks as dashes. */
function anchorsOf(file: string): string[] {
  return [...readTracked(file).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** A code beside the words that a status shows for it. */
const WORDED_CODE = /`([A-Z0-9]+_[A-Z0-9_]+)` \*([^*|]+)\*|\*([^*|]+)\* `([A-Z0-9]+_[A-Z0-9_]+)`/g;
const STATUS_WORDS = (
  JSON.parse(readTracked('nodes/locales/en-US/tls-ca.json')) as { 'secure-mqtt': { errors: Record<string, string> } }
)['secure-mqtt'].errors;

/** Codes that a document translates with other words than the screen. */
function wrongWords(file: string): string[] {
  return [...readTracked(file).matchAll(WORDED_CODE)]
    .map(([, codeFirst, wordsAfter, wordsBefore, codeAfter]) => [codeFirst ?? codeAfter, wordsAfter ?? wordsBefore])
    .filter(([code = '', words]) => code in STATUS_WORDS && STATUS_WORDS[code] !== words)
    .map(([code = '', words]) => `${code}: "${words}" instead of "${STATUS_WORDS[code]}"`);
}

/** What of a document does not exist. */
function wrongReferences(file: string): string[] {
  const text = readTracked(file);
  const found = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
  const exists = (path: string) => existsSync(join(CHECKOUT, path));
  const links = targets(file);
  const labels = found(/^\[([^\]]+)\]: /gm);
  return [
    ...[...found(NAMED_PATH), ...links.map(({ path }) => path)].filter((path) => !exists(path)),
    ...links
      .filter(({ path, anchor }) => anchor && exists(path) && !anchorsOf(path).includes(anchor))
      .map(({ path, anchor }) => `${path}#${anchor}`),
    ...found(LABEL_USED)
      .filter((label) => !labels.includes(label))
      .map((label) => `[${label}]`),
    ...found(COMMAND)
      .filter((name) => !(name in scripts))
      .map((name) => `npm run ${name}`),
    ...found(CODE).filter((code) => !(code in ERROR_CODES)),
  ];
}

describe('the documents', () => {
  it('are there', () => {
    for (const name of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/architecture.md']) {
      assert.ok(documents.includes(name), name);
    }
  });

  for (const file of documents) {
    it(`${file} names only files, links, commands and codes that exist`, () =>
      assert.deepEqual(wrongReferences(file), []));

    it(`${file} speaks of codes in the words of the screen`, () => assert.deepEqual(wrongWords(file), []));
  }
});

describe('the pictures', () => {
  it('are all shown somewhere, and all that are shown are there', () => {
    const shown = documents
      .flatMap((file) => targets(file).map(({ path }) => path))
      .filter((path) => path.endsWith('.png'));
    assert.deepEqual([...new Set(shown)].sort(), pictures);
  });

  it('have a text for those who cannot see them', () => {
    const silent = documents.filter((file) => readTracked(file).includes('![]'));
    assert.deepEqual(silent, []);
  });

  it('are small enough for a bad line', () => {
    assert.deepEqual(
      pictures.filter((file) => statSync(join(CHECKOUT, file)).size > 150_000),
      [],
    );
  });

  it('of the README have addresses that others can show', () => {
    const relative = [...readTracked('README.md').matchAll(LINK)]
      .map(([, inline, labelled]) => inline ?? labelled ?? '')
      .filter((target) => !/^(?:https:|#)/.test(target));
    assert.deepEqual(relative, []);
  });
});

describe('the workshop', () => {
  const folders = readdirSync(join(CHECKOUT, 'examples')).sort();

  it('has a page for each folder of examples, in their order', () => {
    const pages = folders.map(
      (name) => `docs/workshop/${name.toLowerCase().replace(/,/g, '').replace(/[ -]+/g, '-')}.md`,
    );
    assert.deepEqual(
      pages.filter((page) => !documents.includes(page)),
      [],
    );
  });

  it('names every example, and so does the README', () => {
    for (const folder of folders) {
      for (const file of readdirSync(join(CHECKOUT, 'examples', folder))) {
        const name = file.replace(/\.json$/, '');
        const page = documents.find((one) => one.startsWith(`docs/workshop/${folder.slice(0, 2)}-`)) ?? '';
        assert.ok(readTracked(page).includes(`## ${name}`), `${page}: ${name}`);
        assert.ok(readTracked('README.md').includes(`| ${name} |`), `README.md: ${name}`);
      }
    }
  });
});

describe('the decision records', () => {
  const records = documents.filter((file) => file.startsWith('docs/decisions/'));

  it('are numbered without a gap', () => {
    assert.ok(records.length > 0);
    records.forEach((file, index) => {
      const number = index + 1;
      assert.match(file, new RegExp(`^docs/decisions/${String(number).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
      assert.match(readTracked(file), new RegExp(`^# ${number}\\. `));
    });
  });

  it('fit on a screen', () => {
    assert.deepEqual(
      records.filter((file) => readTracked(file).split('\n').length > 45),
      [],
    );
  });
});
