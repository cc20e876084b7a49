// Writes the list of all codes with their mends into the help of tls-probe, between its two marker comments, in every
// language that has such a help.
//
//   node scripts/code-table.mjs
//
// The texts are those of the source (code-texts.mjs). test/architecture/code-table.test.ts fails when the help is older.
//
// The other languages have a table nodes/locales/<language>/tls-probe.codes.json from English text to translation, in
// the order of the help and without the final period. The script adds what is new with an empty translation (the help
// then shows the English text) and drops what is gone: run it, fill in what is empty, run it again. A changed English
// text is a new one, so no translation outlives what it translates.
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCodeTexts } from './code-texts.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCALES = join(root, 'nodes', 'locales');
/** The language of the source. */
const SOURCE_LANGUAGE = 'en-US';
/** The end of a sentence where it is no period. */
const STOPS = { ja: '。', 'zh-CN': '。' };
const BEGIN = '<!-- codes: written by scripts/code-table.mjs -->';
const END = '<!-- codes: end -->';

/** Headings in the order in which a connection is made; the last ones are no findings but errors of the node. */
const CHAPTERS = [
  { title: 'The network', families: ['NET'] },
  { title: 'TLS and our own certificate', families: ['TLS'] },
  { title: 'The certificates of the server', families: ['CERT', 'CRL'] },
  { title: 'MQTT', families: ['MQTT'] },
  { title: 'Settings (these go to the Catch nodes)', families: ['INPUT', 'PEM', 'P12', 'KEY', 'STORE'] },
];

/** The languages whose help of tls-probe is there. @returns {Promise<string[]>} */
export async function languagesWithCodes() {
  const folders = await readdir(LOCALES);
  const checked = await Promise.all(folders.map(async (one) => ((await exists(helpFile(one))) ? [one] : [])));
  return checked.flat().sort();
}

/** The whole text of the help as it should be. @returns {Promise<string>} */
export async function helpWithCodes(language = SOURCE_LANGUAGE) {
  const help = await readFile(helpFile(language), 'utf8');
  const [before, rest] = help.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${helpFile(language)} lacks the comments "${BEGIN}" and "${END}"`);
  const table = await translations(language);
  return `${before}${BEGIN}\n${codeList(await chapters(), table, STOPS[language] ?? '.')}  ${END}${after}`;
}

/** The table of a language as it should be: every text in the order of the help, the ones without translation empty. */
export async function tableOfCodes(language) {
  const table = await translations(language);
  const texts = (await chapters()).flatMap(({ title, rows }) => [
    title,
    ...rows.flatMap(({ meaning, fixes }) => [meaning, ...fixes]),
  ]);
  return Object.fromEntries(texts.map((text) => [text, table[text] ?? '']));
}

function helpFile(language) {
  return join(LOCALES, language, 'tls-probe.html');
}

function tableFile(language) {
  return join(LOCALES, language, 'tls-probe.codes.json');
}

function exists(file) {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** From English text to translation; empty for English itself, and for a language that has none yet. */
async function translations(language) {
  const file = tableFile(language);
  return (await exists(file)) ? JSON.parse(await readFile(file, 'utf8')) : {};
}

/** Headings with the codes below them, in English. Read once: the source is the same for every language. */
let read;
function chapters() {
  return (read ??= readChapters());
}

async function readChapters() {
  const texts = await readCodeTexts();
  return CHAPTERS.map(({ title, families }) => ({
    title,
    rows: texts.filter(({ code }) => families.includes(code.split('_')[0])),
  }));
}

function codeList(list, table, stop) {
  const sentence = (text) => {
    const words = table[text] || text;
    return escaped(/[.!?…]$/.test(words) ? words : words + stop);
  };
  const entry = ({ code, meaning, fixes }) => {
    const lines = fixes.map((fix) => `<br>&rarr; ${sentence(fix)}`);
    return `    <dt>${code}</dt>\n    <dd>${sentence(meaning)}\n      ${lines.join('\n      ')}</dd>\n`;
  };
  return list
    .map(({ title, rows }) => {
      const heading = escaped(table[title] || title);
      return `  <h4>${heading}</h4>\n  <dl class="message-properties">\n${rows.map(entry).join('')}  </dl>\n`;
    })
    .join('');
}

function escaped(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

async function write() {
  for (const language of await languagesWithCodes()) {
    if (language !== SOURCE_LANGUAGE) {
      const table = await tableOfCodes(language);
      await writeFile(tableFile(language), `${JSON.stringify(table, null, 2)}\n`);
      const empty = Object.values(table).filter((text) => text === '').length;
      if (empty > 0)
        process.stderr.write(`${language}: ${empty} texts without translation in ${tableFile(language)}\n`);
    }
    await writeFile(helpFile(language), await helpWithCodes(language));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await write();
