// Builds dist/ from src/, nodes/, plugins/ and icons/.
//
//   node scripts/build.mjs          type checks everything; the first type error fails the build
//   node scripts/build.mjs --fast   the same output without the type checks
//
// dist/nodes/<type>.js           CommonJS by tsc, one file per node
// dist/src/<floor>.js            the same for the files of src/<floor>, put together (scripts/floor-files.mjs)
// dist/nodes/<type>.html         the editor's script, bundled by esbuild, and the form of nodes/<type>.html
// dist/nodes/locales, icons      copies: Node-RED looks for both only beside the .js that registers the node;
//                                what a probe advises in other languages goes into the catalogues of tls-probe
// dist/plugins                   the same for plugins of the editor: .js, .html, locales
//
// Everything is put together in a folder aside and moved to dist/ at the end, so that a build that fails leaves
// the last good one, and a running Node-RED never sees half of one.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { editorPage, nodeTypes, pluginNames, pluginPage } from './editor-page.mjs';
import { joinFloors } from './floor-files.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const fast = process.argv.includes('--fast');
const target = join(root, 'dist');
const aside = join(root, '.cache', `build-${process.pid}`);

/** Run the compiler of this checkout; its messages go straight to the terminal. */
function tsc(...args) {
  const program = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`tsc ${args.join(' ')} found errors`);
}

async function assemble() {
  await mkdir(join(aside, 'nodes'), { recursive: true });
  tsc('-p', 'tsconfig.json', '--outDir', aside, ...(fast ? ['--noCheck'] : []));
  await joinFloors(aside);
  if (!fast) tsc('-p', 'tsconfig.editor.json');
  for (const type of await nodeTypes()) {
    await writeFile(join(aside, 'nodes', `${type}.html`), await editorPage(type));
  }
  for (const name of await pluginNames()) {
    await writeFile(join(aside, 'plugins', `${name}.html`), await pluginPage(name));
  }
  for (const folder of ['nodes', 'plugins']) {
    await cp(join(root, folder, 'locales'), join(aside, folder, 'locales'), { recursive: true, filter: isRead });
  }
  await addMends(join(aside, 'nodes', 'locales'));
  await cp(join(root, 'icons'), join(aside, 'nodes', 'icons'), { recursive: true });
}

/**
 * What a probe advises, for the cards of the editor (src/editor/sentence-table.ts): the tables beside the catalogues of
 * tls-probe go into them, as one text of lines in pairs, because a catalogue holds texts only and keys have no spaces.
 */
async function addMends(locales) {
  for (const language of await readdir(locales)) {
    const table = join(root, 'nodes', 'locales', language, 'tls-probe.codes.json');
    const pairs = Object.entries(await readJson(table).catch(() => ({}))).filter(([, translation]) => translation);
    if (pairs.length === 0) continue;
    const path = join(locales, language, 'tls-probe.json');
    const catalogue = await readJson(path);
    catalogue['tls-probe'].mends = pairs.flat().join('\n');
    await writeFile(path, `${JSON.stringify(catalogue, null, 2)}\n`);
  }
}

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}

/** Not the tables of scripts/code-table.mjs. */
function isRead(path) {
  return !path.endsWith('.codes.json');
}

async function moveIntoPlace() {
  const old = `${aside}-old`;
  await rename(target, old).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(aside, target);
  await rm(old, { recursive: true, force: true });
}

try {
  await assemble();
  await moveIntoPlace();
} catch (error) {
  process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  await rm(aside, { recursive: true, force: true });
}
