// The page that Node-RED serves for one node or plugin: its bundled editor script and its form, if it has one.
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const SUFFIX = '.editor.ts';

/** The types of all nodes: every file `nodes/<type>.editor.ts`. @returns {Promise<string[]>} sorted */
export const nodeTypes = () => scriptsIn('nodes');

/** The names of all plugins: every file `plugins/<name>.editor.ts`. @returns {Promise<string[]>} sorted */
export const pluginNames = () => scriptsIn('plugins');

async function scriptsIn(folder) {
  const files = await readdir(join(root, folder));
  return files
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
}

/** The editor's script of a file with everything it imports. @returns {Promise<string>} JavaScript, one function */
async function editorScript(folder, name) {
  const bundle = await build({
    entryPoints: [join(root, folder, `${name}${SUFFIX}`)],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2020',
    // Not minified, names kept: people read node pages, and the Flow Library's scorecard parses them.
    minify: false,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  return bundle.outputFiles[0].text;
}

/** The whole page of a node, script first. @returns {Promise<string>} HTML */
export async function editorPage(type) {
  const form = await readFile(join(root, 'nodes', `${type}.html`), 'utf8');
  return `${await scriptElement('nodes', type)}\n${form}`;
}

/** The whole page of a plugin, which is a script. @returns {Promise<string>} HTML */
export const pluginPage = (name) => scriptElement('plugins', name);

async function scriptElement(folder, name) {
  // "</script" inside a string would end the element.
  const script = (await editorScript(folder, name)).replace(/<\/(script)/gi, '<\\/$1');
  return `<script type="text/javascript">\n${script}</script>\n`;
}
