import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeDefinitions } from '../support/node-definitions';
import { CHECKOUT, runtimes } from '../support/runtimes';
import { RULES, scorecard, type Surroundings } from '../support/scorecard';
import { temporaryFolder } from '../support/temporary-folder';

type Json = Record<string, unknown>;

const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Json;

/** The catalogue of the tests: all core nodes of the Node-RED versions that we run in. */
function coreCatalogue(): Surroundings['catalogue'] {
  return Object.entries(runtimes().nodeRed).map(([version, program]) => {
    const core = join(dirname(program), '..', '@node-red', 'nodes', 'core');
    const pages = readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
    const types = pages
      .filter((name) => !name.includes('locales'))
      .flatMap((name) => nodeDefinitions(join(core, name)))
      .map(({ type }) => type);
    return { id: `node-red ${version}`, types };
  });
}

function surroundingsOf(folder: string): Surroundings {
  const lock = readJson(join(folder, 'package-lock.json')) as {
    packages: Record<string, { version: string; dev?: boolean }>;
  };
  const versions = Object.values(runtimes().nodeRed).map((program) => {
    const { version, engines } = readJson(join(dirname(program), 'package.json')) as {
      version: string;
      engines: { node: string };
    };
    return { version, node: engines.node };
  });
  return {
    catalogue: coreCatalogue(),
    nodeRed: versions.sort((one, other) => one.version.localeCompare(other.version)),
    installed: Object.entries(lock.packages)
      .filter(([path, { dev }]) => path !== '' && !dev)
      .map(([path, { version }]) => ({ name: path.replace(/.*node_modules\//, ''), version })),
  };
}

/** One way to break the package for each rule: the rule must notice, and no other one. */
const BREAKS: Readonly<Record<string, (folder: string, surroundings: Surroundings) => Partial<Surroundings> | void>> = {
  'P01 licence': (folder) => change(folder, (manifest) => delete manifest.license),
  'P03 where to report': (folder) =>
    change(folder, (manifest) => {
      delete manifest.repository;
      delete manifest.bugs;
    }),
  'P04 scoped name': (folder) => change(folder, (manifest) => (manifest.name = 'node-red-secure-mqtt')),
  'P05 keyword': (folder) => change(folder, (manifest) => (manifest.keywords = ['mqtt'])),
  'P06 Node-RED versions': (folder) =>
    change(folder, (manifest) => ((manifest['node-red'] as Json).version = '>=6.0.0')),
  'P07 Node.js versions': (folder) => change(folder, (manifest) => (manifest.engines = { node: '>=26' })),
  'P08 no package of a similar name': (_, { catalogue }) => ({
    catalogue: [...catalogue, { id: '@other/node-red-secure-mqtt', types: [] }],
  }),
  'N00 every node can be read': (folder) =>
    rewrite(
      folder,
      'dist/nodes/tls-issue.html',
      /registerType\("tls-issue", \{/,
      'registerType("tls-issue", definition = {',
    ),
  'N01 node types of nobody else': (_, { catalogue }) => ({
    catalogue: [...catalogue, { id: 'node-red-contrib-other', types: ['tls-probe'] }],
  }),
  'N02 an example of every node': (folder) => {
    rmSync(join(folder, 'examples'), { recursive: true });
    mkdirSync(join(folder, 'examples'));
  },
  'D01 few dependencies': (folder) =>
    change(folder, (manifest) => Object.assign(manifest.dependencies as Json, { another: '^1.0.0' })),
  'D02 no incompatible package': (_, { installed }) => ({
    installed: [...installed, { name: 'agent-base', version: '5.1.1' }],
  }),
};

function change(folder: string, how: (manifest: Json) => unknown): void {
  const file = join(folder, 'package.json');
  const manifest = readJson(file);
  how(manifest);
  writeFileSync(file, JSON.stringify(manifest));
}

function rewrite(folder: string, name: string, what: RegExp, by: string): void {
  const file = join(folder, name);
  const text = readFileSync(file, 'utf8');
  assert.match(text, what);
  writeFileSync(file, text.replace(what, by));
}

describe("the Flow Library's scorecard", () => {
  let surroundings: Surroundings;
  let ours: Record<string, string[]>;
  before(() => {
    surroundings = surroundingsOf(CHECKOUT);
    ours = scorecard(CHECKOUT, surroundings);
  });

  /** What the scorecard reads of the package, to be broken. */
  function copy(): string {
    const folder = temporaryFolder();
    for (const part of ['package.json', 'examples', 'dist/nodes']) {
      const isRead = (path: string) => !/\/locales$|\.js$/.test(path);
      cpSync(join(CHECKOUT, part), join(folder, part), { recursive: true, filter: isRead });
    }
    return folder;
  }
  const brokenRules = (folder: string, changed: Partial<Surroundings> = {}) =>
    Object.entries(scorecard(folder, { ...surroundings, ...changed }))
      .filter(([, found]) => found.length > 0)
      .map(([rule]) => rule);

  it('has something to compare with', () => {
    for (const { id, types } of surroundings.catalogue) {
      for (const type of ['mqtt in', 'mqtt-broker', 'tls-config', 'inject'])
        assert.ok(types.includes(type), `${id}: ${type}`);
    }
    assert.equal(surroundings.nodeRed.length, 2);
    assert.ok(surroundings.installed.some(({ name }) => name === 'mqtt'));
  });

  for (const rule of Object.keys(RULES)) {
    it(`finds nothing wrong by ${rule}`, () => assert.deepEqual(ours[rule], []));

    it(`notices a package that is broken in ${rule}`, () => {
      const folder = copy();
      assert.deepEqual(brokenRules(folder, BREAKS[rule]?.(folder, surroundings) ?? {}), [rule]);
    });
  }

  // Each of them passes every check of the tool, because it finds no node to judge.
  for (const [form, what, by] of [
    ['a script without a type', /<script type="text\/javascript">/, '<script>'],
    ['a type in a constant', /registerType\("tls-issue",/, 'registerType(TYPE,'],
    [
      'a category that is computed',
      /category: "secure mqtt",\n {4}color: "#8FC7B5"/,
      'category: CATEGORY,\n    color: "#8FC7B5"',
    ],
    ['properties spread from elsewhere', /defaults: \{/, 'defaults: { ...COMMON,'],
  ] as const) {
    it(`notices ${form}`, () => {
      const folder = copy();
      rewrite(folder, 'dist/nodes/tls-issue.html', what, by);
      assert.deepEqual(brokenRules(folder), ['N00 every node can be read']);
    });
  }
});
