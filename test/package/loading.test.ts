import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exampleFiles } from '../support/example-flow';
import { InstalledNodeRed } from '../support/installed-node-red';
import { installIntoNewUserDir, packPackage, temporaryFolder } from '../support/packed-package';
import { CHECKOUT, MATRIX } from '../support/runtimes';

interface NodeSet {
  name: string;
  module: string;
  version: string;
  types: string[];
  enabled: boolean;
  err?: unknown;
}

const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
  'node-red': { nodes: Record<string, string>; plugins: Record<string, string> };
};
const types = Object.keys(manifest['node-red'].nodes);
const plugins = Object.keys(manifest['node-red'].plugins);

/** What a Node-RED without our package warns about, too; anything else is about us. */
const WARNINGS_OF_NODE_RED = [
  /^Projects disabled/,
  /^Flows file name not set/,
  /^Encrypted credentials not found/,
  /^\s*$/, // the box about the system-generated key starts with an empty line
];

/** Messages of the log at level warn or error that Node-RED alone would not have written. */
function complaints(log: string): string[] {
  return [...log.matchAll(/- \[(?:warn|error|fatal)\] (.*)/g)]
    .map((match) => match[1] ?? '')
    .filter((message) => !WARNINGS_OF_NODE_RED.some((known) => known.test(message)));
}

describe('the packed package', () => {
  let folder: string;
  let tarball: string;

  before(() => {
    folder = temporaryFolder('pack');
    tarball = packPackage(folder).tarball;
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const versions of MATRIX) {
    describe(`in Node-RED ${versions.nodeRed} on Node ${versions.node}`, () => {
      let userDir: string;
      let nodeRed: InstalledNodeRed;

      before(async () => {
        userDir = installIntoNewUserDir(tarball);
        nodeRed = await InstalledNodeRed.start(userDir, versions);
      });

      after(async () => {
        await nodeRed?.stop();
        if (userDir) rmSync(userDir, { recursive: true, force: true });
      });

      it('runs on the versions that are meant', () => {
        assert.match(nodeRed.log, new RegExp(`Node-RED version: v${versions.nodeRed}\\.`));
        assert.match(nodeRed.log, new RegExp(`Node\\.js  version: v${versions.node}\\.`));
      });

      it('has every type loaded and enabled, without an error', async () => {
        const sets = (await nodeRed.getJson<NodeSet[]>('/nodes')).filter((set) => set.module === manifest.name);
        const loaded = sets.map(({ name, types, enabled, err, version }) => ({ name, types, enabled, err, version }));
        const expected = types.map((name) => ({
          name,
          types: [name],
          enabled: true,
          err: undefined,
          version: manifest.version,
        }));
        assert.deepEqual(loaded, expected);
      });

      it('has every plugin loaded, with its script and its texts', async () => {
        const listed = (await nodeRed.getJson<NodeSet[]>('/plugins')).filter((set) => set.module === manifest.name);
        assert.deepEqual(
          listed.map(({ name, enabled, err, version }) => ({ name, enabled, err, version })),
          plugins.map((name) => ({ name, enabled: true, err: undefined, version: manifest.version })),
        );
        const page = await nodeRed.get('/plugins', 'text/html');
        const catalogues = await nodeRed.getJson<Record<string, object>>('/plugins/messages?lng=en-US');
        for (const name of plugins) {
          assert.ok(page.includes(`registerPlugin("${name}"`), name);
          assert.ok(Object.keys(catalogues[`${manifest.name}/${name}`] ?? {}).length > 0, name);
        }
        const answer = await nodeRed.getJson<{ authorities: unknown[] }>('/secure-mqtt/certificates/authorities');
        assert.deepEqual(answer, { authorities: [] });
      });

      it('complains about nothing', () => assert.deepEqual(complaints(nodeRed.log), []));

      it('serves the icon that each palette entry names', async () => {
        const icons = (await nodeRed.getJson<Record<string, string[]>>('/icons'))[manifest.name] ?? [];
        assert.ok(icons.length > 0);
        for (const icon of icons) {
          assert.match(await nodeRed.get(`/icons/${manifest.name}/${icon}`, 'image/svg+xml'), /<svg[\s>]/, icon);
        }
        const page = await nodeRed.get('/nodes', 'text/html');
        for (const type of types) {
          const definition = page.slice(page.indexOf(`registerType("${type}"`));
          const [named] = /(?<=\bicon: ")[^"]+/.exec(definition.slice(0, definition.indexOf('defaults:'))) ?? [];
          // Config nodes have no place in the palette and need none.
          if (named !== undefined) assert.ok(icons.includes(named), `${type} names ${named}`);
        }
      });

      it('lists and serves the examples', async () => {
        const path = `/library/examples/flows/${manifest.name}/`;
        type Entry = string | { fn: string };
        const entriesOf = (folder: string) =>
          nodeRed.getJson<Entry[]>(`${path}${folder ? `${encodeURIComponent(folder)}/` : ''}`);
        const folders = (await entriesOf('')).map((folder) => folder as string);
        const listed: string[] = [];
        for (const folder of folders) {
          for (const file of await entriesOf(folder)) listed.push(`${folder}/${(file as { fn: string }).fn}`);
        }
        assert.deepEqual(
          listed.map((name) => `${name}.json`),
          exampleFiles(),
        );
        for (const name of listed) {
          const flow = await nodeRed.getJson<{ id: string }[]>(
            path + name.split('/').map(encodeURIComponent).join('/'),
          );
          assert.ok(flow.length > 0 && flow.every((node) => node.id), name);
        }
      });

      for (const type of types) {
        it(`serves form, help and texts of ${type}`, async () => {
          const page = await nodeRed.get(`/nodes/${manifest.name}/${type}`, 'text/html');
          assert.ok(page.includes(`registerType("${type}"`), 'definition');
          assert.match(page, new RegExp(`<script[^>]+data-template-name="${type}"`), 'form');
          assert.match(page, new RegExp(`<script[^>]+data-help-name="${type}"[^>]*>\\s*<p>`), 'help');
          const catalogues = await nodeRed.getJson<Record<string, object>>('/nodes/messages?lng=en-US');
          const catalogue = catalogues[`${manifest.name}/${type}`] ?? {};
          assert.ok(Object.keys(catalogue).length > 0, 'catalogue');
        });
      }

      it('ends cleanly', async () => {
        assert.equal(await nodeRed.stop(), 0);
        assert.deepEqual(complaints(nodeRed.log), []);
      });
    });
  }
});
