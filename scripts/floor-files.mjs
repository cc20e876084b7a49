/**
 * Puts the compiled files of each floor into one: `dist/src/pki/*.js` become `dist/src/pki.js`.
 *
 * Node opens, reads and compiles every file on its own, which is half of what loading 400 of them costs, and far more on the
 * memory card of a gateway. A floor is one file because imports go down only (docs/architecture.md), so that none needs another
 * one that needs it. What each file says stays as the compiler wrote it, with its comments, below a line with its name:
 * this is what a reader of the installed package reads, and what a stack trace shows (`at pki/certificate`).
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** Files that Node loads by their name: a thread begins with one. */
const ENTRIES = ['tls/probe-worker'];
const OWN_REQUIRE = /\brequire\("(\.{1,2}\/[^"]+)"\)/g;

/** @param dist the compiled `src/`, `nodes/` and `plugins/`; changed in place */
export async function joinFloors(dist) {
  const source = join(dist, 'src');
  const floors = (await readdir(source, { withFileTypes: true })).filter((each) => each.isDirectory());
  for (const { name: floor } of floors) {
    const names = await fileNames(source, floor);
    const files = await Promise.all(
      names.map(async (name) => part(name, await readFile(join(source, `${name}.js`), 'utf8'))),
    );
    await rm(join(source, floor), { recursive: true });
    await writeFile(join(source, `${floor}.js`), whole(floor, files));
  }
  for (const name of ENTRIES) {
    const [floor, file] = name.split('/');
    await writeFile(join(source, `${file}.js`), `"use strict";\nrequire("./${floor}.js")("${name}");\n`);
  }
  for (const folder of ['nodes', 'plugins']) {
    await mkdir(join(dist, folder), { recursive: true });
    for (const name of (await readdir(join(dist, folder))).filter((each) => each.endsWith('.js'))) {
      const path = join(dist, folder, name);
      await writeFile(path, linked(await readFile(path, 'utf8'), folder, '../src'));
    }
  }
}

/** `pki/certificate`, `model/config/tls-ca`: paths below `src/` without their ending, sorted. */
async function fileNames(source, folder) {
  const entries = await readdir(join(source, folder), { withFileTypes: true });
  const names = await Promise.all(
    entries.map(async (entry) => {
      const name = posix.join(folder, entry.name);
      return entry.isDirectory() ? fileNames(source, name) : [name.replace(/\.js$/, '')];
    }),
  );
  return names.flat().sort();
}

function part(name, text) {
  const body = linked(text.replace(/^"use strict";\n/, ''), posix.join('src', posix.dirname(name)), '.');
  return `\n  // ${'='.repeat(40)} src/${name}.ts\n  "${name}"(module, exports) {\n${body.trimEnd()}\n  },\n`;
}

/** Imports of files become calls: on the same floor of `__file`, else of what the other floor exports. */
function linked(text, folder, source) {
  const own = folder.split('/')[1];
  return text.replace(OWN_REQUIRE, (whole, specifier) => {
    const name = posix.relative('src', posix.join(folder, specifier)).replace(/\.js$/, '');
    const [floor] = name.split('/');
    if (floor === '..') throw new Error(`${folder}: ${whole} leads out of src/`);
    return floor === own ? `__file("${name}")` : `require("${source}/${floor}.js")("${name}")`;
  });
}

function whole(floor, files) {
  return `"use strict";
// The floor ${floor}: the files of src/${floor} as the compiler wrote them, put together by scripts/floor-files.mjs of
// the repository. Each runs when it is first asked for.
const files = {
${files.join('')}};

const loaded = new Map();

function __file(name) {
  const known = loaded.get(name);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  files[name].call(module.exports, module, module.exports);
  return module.exports;
}

module.exports = __file;
`;
}
