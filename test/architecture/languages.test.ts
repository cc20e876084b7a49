import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CHECKOUT } from '../support/runtimes';
import {
  alike,
  blocksOf,
  catalogueTexts,
  inlineParts,
  LOCALE_FOLDERS,
  placeholders,
  widthOf,
} from '../support/translations';

/** Every language besides the one of the source. */
const LANGUAGES = ['de', 'fr', 'ja', 'zh-CN'];
const SOURCE = 'en-US';
/** In Latin letters; the line under a node is cut by nothing, and the longest English one has 36. */
const LONGEST_STATUS = 44;
/** What may be English in any language: code, what is quoted, a path through menus. */
const FOREIGN = /<code>.*?<\/code>|“[^”]*”|„[^“]*“|«[^»]*»|「[^」]*」|[(（][^)）]*→[^)）]*[)）]/g;
/** Words that give away an English sentence and are none in these languages. */
const ENGLISH = /\b(the|of|with|which|and|is|are|its|not|must)\b/i;

interface CodeTable {
  helpWithCodes(language: string): Promise<string>;
  tableOfCodes(language: string): Promise<Record<string, string>>;
}

const codeTable = async (): Promise<CodeTable> =>
  (await import(pathToFileURL(join(CHECKOUT, 'scripts', 'code-table.mjs')).href)) as CodeTable;

const folderOf = (folder: string, language: string): string => join(CHECKOUT, folder, 'locales', language);

/** Files that Node-RED reads; the tables of scripts/code-table.mjs are judged by themselves. */
const filesOf = (folder: string, language: string): string[] =>
  readdirSync(folderOf(folder, language)).filter((file) => !file.endsWith('.codes.json'));

const read = (folder: string, language: string, file: string): string =>
  readFileSync(join(folderOf(folder, language), file), 'utf8');

const catalogues = LOCALE_FOLDERS.flatMap((folder) =>
  filesOf(folder, SOURCE)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ folder, file })),
);
const helps = filesOf('nodes', SOURCE).filter((file) => file.endsWith('.html'));

describe('the languages', () => {
  it('are those that are tested here', () => {
    for (const folder of LOCALE_FOLDERS) {
      assert.deepEqual(readdirSync(join(CHECKOUT, folder, 'locales')).sort(), [SOURCE, ...LANGUAGES].sort());
    }
  });

  for (const language of LANGUAGES) {
    describe(language, () => {
      const each = (find: (key: string, english: string, text: string) => boolean): string[] =>
        catalogues.flatMap(({ folder, file }) => {
          const translated = catalogueTexts(read(folder, language, file));
          return [...catalogueTexts(read(folder, SOURCE, file))]
            .filter(([key, english]) => find(key, english, translated.get(key) ?? ''))
            .map(([key]) => `${key}: ${translated.get(key) ?? ''}`);
        });

      it('has every file', () => {
        for (const folder of LOCALE_FOLDERS) assert.deepEqual(filesOf(folder, language), filesOf(folder, SOURCE));
      });

      it('has every text, and no other', () => {
        for (const { folder, file } of catalogues) {
          const keys = (one: string): string[] => [...catalogueTexts(read(folder, one, file)).keys()].sort();
          assert.deepEqual(keys(language), keys(SOURCE), file);
        }
      });

      it('leaves no text empty', () => {
        assert.deepEqual(
          each((_, english, text) => text.trim() === '' && english !== ''),
          [],
        );
      });

      it('fills in the same values and marks up the same', () => {
        const parts = (text: string): string[] => [...placeholders(text), ...inlineParts(text)];
        assert.deepEqual(
          each((_, english, text) => parts(english).join() !== parts(text).join()),
          [],
        );
      });

      it('leaves no English by accident', () => {
        assert.deepEqual(
          each((key, english, text) => english === text && !alike(key, text)),
          [],
          'the same as in English',
        );
        assert.deepEqual(
          each((_, english, text) => ENGLISH.test(text.replace(FOREIGN, '')) && english !== ''),
          [],
          'with English words',
        );
      });

      it('keeps what stands under a node short', () => {
        const runtime = /^secure-mqtt\.(status|errors|settings)\./;
        assert.deepEqual(
          each((key, _, text) => runtime.test(key) && widthOf(text) > LONGEST_STATUS),
          [],
        );
      });

      it('has other words for every error code', () => {
        const shared = catalogueTexts(read('nodes', language, 'tls-ca.json'));
        const words = [...shared]
          .filter(([key]) => /^secure-mqtt\.(errors|settings)\./.test(key))
          .map(([, text]) => text);
        assert.deepEqual(
          words.filter((text, index) => words.indexOf(text) !== index),
          [],
        );
      });

      for (const file of helps) {
        it(`has the help of ${file} in the same form`, () => {
          const [own, source] = [read('nodes', language, file), read('nodes', SOURCE, file)];
          assert.equal(own.split('\n', 1)[0], source.split('\n', 1)[0]);
          const [translated, english] = [blocksOf(own), blocksOf(source)];
          assert.deepEqual(
            translated.map(({ tag }) => tag),
            english.map(({ tag }) => tag),
          );
          for (const [index, { text, properties }] of english.entries()) {
            const block = translated[index];
            assert.deepEqual(inlineParts(block?.text ?? ''), inlineParts(text), block?.text);
            assert.ok(block?.text.startsWith(properties ?? ''), `${block?.text} names ${properties}`);
            assert.doesNotMatch((block?.text ?? '').replace(/<code>.*?<\/code>|<span.*?<\/span>/gs, ''), ENGLISH);
          }
        });
      }

      it('has every code with its mends', async () => {
        const { helpWithCodes, tableOfCodes } = await codeTable();
        const table = JSON.parse(read('nodes', language, 'tls-probe.codes.json')) as Record<string, string>;
        assert.deepEqual(
          Object.entries(table),
          Object.entries(await tableOfCodes(language)),
          'run scripts/code-table.mjs',
        );
        assert.deepEqual(
          Object.entries(table).filter(([english, text]) => text === '' || (text === english && !alike('', text))),
          [],
        );
        // Where a fact is filled in, one stands in the translation, too.
        const facts = (text: string): number => text.split('…').length;
        assert.deepEqual(
          Object.entries(table).filter(([english, text]) => facts(english) !== facts(text)),
          [],
        );
        assert.equal(read('nodes', language, 'tls-probe.html'), await helpWithCodes(language));
      });
    });
  }
});
