import assert from 'node:assert/strict';
import { builtinModules } from 'node:module';
import { importsOf, productFiles, resolveRelative, type SourceImport } from '../support/source-tree';

/** The floors of the house from the ground up (docs/architecture.md): a file imports from its own floor and below. */
const FLOORS = ['model', 'encoding', 'pki', 'store', 'tls', 'ca', 'export', 'mqtt', 'node-red', 'nodes'];

/** What runs in the browser sees only the ground floor, which is free of Node. */
const BROWSER = { 'nodes-editor': ['nodes-editor', 'editor', 'model'], editor: ['editor', 'model'] };

/** Node modules that reach the world outside, and who may use them. */
const DOORS: { modules: string[]; allowed: RegExp; why: string }[] = [
  {
    modules: ['fs', 'fs/promises'],
    allowed: /^src\/store\//,
    why: 'every write goes through the one floor that fsyncs',
  },
  { modules: ['tls', 'net'], allowed: /^src\/(tls\/|mqtt\/server)/, why: 'fail-closed options are made in one place' },
  {
    modules: ['http', 'https', 'http2', 'dgram', 'dns', 'dns/promises'],
    allowed: /^src\/(tls\/|mqtt\/server)/,
    why: 'the probe and the server are the only network code',
  },
  { modules: ['child_process', 'cluster', 'vm'], allowed: /^$/, why: 'the package runs no other program and no text' },
];

/** Packages of others, each behind one file, so that it can be replaced. */
const PACKAGES: Record<string, RegExp> = {
  mqtt: /^src\/mqtt\//,
  aedes: /^src\/mqtt\//,
  'mqtt-packet': /^src\/tls\//,
  ws: /^src\/tls\//,
  fflate: /^src\/export\//,
  'node-forge': /^src\/encoding\//,
};

/** The host is never imported at run time, and below the adapters it is not known at all. */
const HOST = { name: 'node-red', allowed: /^(src\/node-red|src\/editor|nodes|plugins)\// };

function floorOf(file: string): string {
  if (/^(nodes|plugins)\/[^/]+\.editor(\.ts)?$/.test(file)) return 'nodes-editor';
  // Plugins of the editor stand on the same floor: Node-RED loads them as it loads nodes.
  if (/^(nodes|plugins)\//.test(file)) return 'nodes';
  return file.split('/')[1] ?? '';
}

const nodeModule = (specifier: string) => {
  const name = specifier.replace(/^node:/, '');
  return builtinModules.includes(name) ? name : undefined;
};

const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

type Judge = (file: string, one: SourceImport) => string | undefined;

const goesUp: Judge = (file, { specifier }) => {
  const target = resolveRelative(file, specifier);
  if (!target) return undefined;
  const from = floorOf(file);
  const to = floorOf(target);
  const browser = BROWSER[from as keyof typeof BROWSER];
  if (browser) return browser.includes(to) ? undefined : `a browser file may not import ${to}`;
  if (FLOORS.indexOf(to) < 0) return `${to} is no floor below`;
  return FLOORS.indexOf(to) <= FLOORS.indexOf(from) ? undefined : `${from} may not import ${to}, which lies above`;
};

const takesWrongDoor: Judge = (file, { specifier, typeOnly }) => {
  const name = nodeModule(specifier);
  if (!name) return undefined;
  if (!specifier.startsWith('node:')) return `write node:${name}`;
  const floor = floorOf(file);
  if (floor === 'model' || floor in BROWSER) return `${floor} runs in the browser too: no Node module`;
  const door = DOORS.find((row) => row.modules.includes(name));
  return door && !typeOnly && !door.allowed.test(file) ? `${name}: ${door.why}` : undefined;
};

const takesWrongPackage: Judge = (file, { specifier, typeOnly }) => {
  if (specifier.startsWith('.') || nodeModule(specifier)) return undefined;
  const name = packageOf(specifier);
  if (name === HOST.name && !typeOnly) return `${name} may be imported only as types`;
  if (name === HOST.name) return HOST.allowed.test(file) ? undefined : 'only adapters know the host';
  const allowed = PACKAGES[name];
  if (!allowed) return `${name} is not among the packages of this project`;
  return allowed.test(file) ? undefined : `${name} belongs to ${allowed}`;
};

function findings(judge: Judge): string[] {
  return productFiles().flatMap((file) =>
    importsOf(file).flatMap((one) => {
      const finding = judge(file, one);
      return finding ? [`${file}:${one.line} imports ${one.specifier}: ${finding}`] : [];
    }),
  );
}

describe('the floors of the house', () => {
  it('has files on every floor', () => {
    const used = new Set(productFiles().map(floorOf));
    assert.deepEqual(
      [...FLOORS, ...Object.keys(BROWSER)].filter((floor) => !used.has(floor)),
      [],
    );
    assert.deepEqual(
      [...used].filter((floor) => !FLOORS.includes(floor) && !(floor in BROWSER)),
      [],
    );
  });

  it('imports go down only', () => assert.deepEqual(findings(goesUp), []));

  it('only the floors that may reach the disk and the network do', () =>
    assert.deepEqual(findings(takesWrongDoor), []));

  it('packages of others are used where they belong', () => assert.deepEqual(findings(takesWrongPackage), []));

  it('packages of others are loaded when they are first needed, not with Node-RED', () => {
    const loaded = productFiles().flatMap((file) =>
      importsOf(file).filter((one) => !one.typeOnly && !one.called && packageOf(one.specifier) in PACKAGES),
    );
    assert.deepEqual(loaded, []);
  });

  for (const name of Object.keys(PACKAGES)) {
    it(`${name} is imported by at most one file`, () => {
      const files = productFiles().filter((file) =>
        importsOf(file).some((one) => !one.typeOnly && packageOf(one.specifier) === name),
      );
      assert.ok(files.length <= 1, `${name} is imported by ${files.join(' and ')}`);
    });
  }
});

describe('the judge of the floors', () => {
  const cases: { judge: Judge; file: string; text: string; refused: RegExp | undefined }[] = [
    { judge: goesUp, file: 'src/pki/a.ts', text: `import { b } from '../model/b';`, refused: undefined },
    { judge: goesUp, file: 'src/pki/a.ts', text: `import { b } from './b';`, refused: undefined },
    { judge: goesUp, file: 'src/pki/a.ts', text: `import type { B } from '../store/b';`, refused: /lies above/ },
    { judge: goesUp, file: 'src/pki/a.ts', text: `const b = await import('../ca/b');`, refused: /lies above/ },
    { judge: goesUp, file: 'src/pki/a.ts', text: `export * from '../ca/b';`, refused: /lies above/ },
    { judge: goesUp, file: 'src/pki/a.ts', text: `import b = require('../ca/b');`, refused: /lies above/ },
    { judge: goesUp, file: 'nodes/a.ts', text: `import { b } from '../src/ca/b';`, refused: undefined },
    { judge: goesUp, file: 'nodes/a.ts', text: `import { b } from '../src/editor/b';`, refused: /no floor/ },
    { judge: goesUp, file: 'nodes/a.editor.ts', text: `import { b } from '../src/editor/b';`, refused: undefined },
    { judge: goesUp, file: 'nodes/a.editor.ts', text: `import { b } from '../src/ca/b';`, refused: /browser/ },
    {
      judge: takesWrongDoor,
      file: 'src/store/a.ts',
      text: `import { open } from 'node:fs/promises';`,
      refused: undefined,
    },
    { judge: takesWrongDoor, file: 'src/ca/a.ts', text: `import { open } from 'node:fs/promises';`, refused: /fsync/ },
    { judge: takesWrongDoor, file: 'src/ca/a.ts', text: `import { type Stats } from 'node:fs';`, refused: undefined },
    { judge: takesWrongDoor, file: 'src/ca/a.ts', text: `const fs = require('fs');`, refused: /write node:/ },
    {
      judge: takesWrongDoor,
      file: 'src/mqtt/connection.ts',
      text: `import tls from 'node:tls';`,
      refused: /one place/,
    },
    {
      judge: takesWrongDoor,
      file: 'src/model/a.ts',
      text: `import { Buffer } from 'node:buffer';`,
      refused: /browser/,
    },
    { judge: takesWrongPackage, file: 'src/mqtt/a.ts', text: `const a = await import('aedes');`, refused: undefined },
    { judge: takesWrongPackage, file: 'src/ca/a.ts', text: `import mqtt from 'mqtt';`, refused: /belongs to/ },
    { judge: takesWrongPackage, file: 'src/ca/a.ts', text: `import _ from 'lodash/fp';`, refused: /not among/ },
    { judge: takesWrongPackage, file: 'nodes/a.ts', text: `import type { Node } from 'node-red';`, refused: undefined },
    { judge: takesWrongPackage, file: 'nodes/a.ts', text: `import RED from 'node-red';`, refused: /only as types/ },
    { judge: takesWrongPackage, file: 'src/ca/a.ts', text: `import type { Node } from 'node-red';`, refused: /host/ },
  ];
  for (const { judge, file, text, refused } of cases) {
    it(`${refused ? 'refuses' : 'accepts'} ${text} in ${file}`, () => {
      const [one] = importsOf(file, text);
      assert.ok(one);
      const finding = judge(file, one);
      if (refused) assert.match(finding ?? 'nothing', refused);
      else assert.equal(finding, undefined);
    });
  }
});
