import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { helpSection } from '../../scripts/reference/help-section';
import { fieldsOf } from '../../scripts/reference/interface-fields';
import { NODES } from '../../scripts/reference/node-rows';
import { referencePages } from '../../scripts/reference/pages';
import { ERROR_CODES } from '../../src/model/errors';
import { STATUSES } from '../../src/node-red/status';
import { CA_FILES } from '../../src/store/ca-folder';
import { CHECKOUT } from '../support/runtimes';
import { readTracked } from '../support/source-tree';

describe('docs/reference', () => {
  let pages: Map<string, string>;
  before(async () => {
    pages = new Map(await referencePages());
  });
  const page = (name: string) => pages.get(`docs/reference/${name}.md`) ?? '';

  it('is what the source says: else npm run reference', () => {
    const old = [...pages].filter(([file, text]) => !existsSync(join(CHECKOUT, file)) || readTracked(file) !== text);
    assert.deepEqual(
      old.map(([file]) => file),
      [],
    );
  });

  for (const [name, expected] of [
    ['codes', Object.keys(ERROR_CODES)],
    ['statuses', Object.keys(STATUSES)],
    ['files', Object.keys(CA_FILES)],
  ] as const) {
    it(`names everything in ${name}.md, each once`, () => {
      const cells = [...page(name).matchAll(/^\| .* \|$/gm)].map(([line]) => line);
      const named = (one: string) => cells.filter((line) => line.includes(`| \`${one}\` `)).length;
      assert.deepEqual(
        expected.filter((one) => named(one) !== 1),
        [],
      );
    });
  }

  it('names every property with its default in messages.md', () => {
    const missing = NODES.flatMap(({ type, defaults }) => {
      const chapter = page('messages').split(`\n### Properties of ${type}\n`)[1]?.split('\n## ')[0] ?? '';
      const rowless = (one: string) => one === 'version' || (one.endsWith('Type') && one.slice(0, -4) in defaults);
      return Object.entries(defaults)
        .filter(([property]) => !rowless(property))
        .filter(([property, value]) => {
          const line = chapter.split('\n').find((one) => one.startsWith(`| \`${property}\` |`)) ?? '';
          return !line.includes(`| \`${JSON.stringify(value)}\` |`);
        })
        .map(([property]) => `${type}.${property}`);
    });
    assert.deepEqual(missing, []);
  });

  it('lets the help promise no field that the types do not have', () => {
    const wrong = NODES.flatMap(({ type, results = [] }) => {
      const fields = results.flatMap(({ file, name }) => fieldsOf(file, name).map((field) => field.name));
      const promised = (helpSection(type, 'Outputs')?.entries ?? [])
        .flatMap(({ name }) => name.replace(/payload\./g, '').split(', '))
        .filter((name) => name !== 'payload' && name !== 'topic');
      return fields.length === 0
        ? []
        : promised.filter((name) => !fields.includes(name)).map((name) => `${type}: ${name}`);
    });
    assert.deepEqual(wrong, []);
  });
});
