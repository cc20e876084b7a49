import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { CHECKOUT } from '../support/runtimes';
import { readTracked, trackedFiles } from '../support/source-tree';

/** A path of this checkout in backticks: `src/pki/profiles.ts`, `test/unit`, `scripts/start.mjs`. */
const NAMED_PATH = /`((?:src|nodes|test|scripts|docs|examples|\.ci)\/[\w./@-]*)`/g;
const LINK = /\]\(([^)\s]+)\)/g;
const COMMAND = /\bnpm run ([\w:-]+)/g;

const documents = trackedFiles().filter((file) => file.endsWith('.md'));
const scripts = (JSON.parse(readTracked('package.json')) as { scripts: Record<string, string> }).scripts;

/** What of a document does not exist. */
function wrongReferences(file: string): string[] {
  const text = readTracked(file);
  const found = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
  const links = found(LINK)
    .filter((target) => !/^[a-z]+:|^#/.test(target))
    .map((target) => posix.join(posix.dirname(file), target.replace(/#.*/, '')));
  const commands = found(COMMAND).filter((name) => !(name in scripts));
  return [
    ...[...found(NAMED_PATH), ...links].filter((path) => !existsSync(join(CHECKOUT, decodeURI(path)))),
    ...commands.map((name) => `npm run ${name}`),
  ];
}

describe('the documents', () => {
  it('are there', () => {
    for (const name of ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/architecture.md']) {
      assert.ok(documents.includes(name), name);
    }
  });

  for (const file of documents) {
    it(`${file} names only files, links and commands that exist`, () => assert.deepEqual(wrongReferences(file), []));
  }
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
