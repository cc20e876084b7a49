import assert from 'node:assert/strict';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { importsOf, productFiles, readTracked, trackedFiles } from '../support/source-tree';

interface LockedPackage {
  resolved?: string;
  integrity?: string;
  dev?: boolean;
  hasInstallScript?: boolean;
  inBundle?: boolean;
}

interface Manifest {
  version: string;
  engines: { node: string };
  files: string[];
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  'node-red': { version: string; nodes: Record<string, string>; plugins: Record<string, string> };
}

const MOST_DEPENDENCIES = 6;
const manifest = JSON.parse(readTracked('package.json')) as Manifest;
const dependencies = Object.keys(manifest.dependencies);
const lock = JSON.parse(readTracked('package-lock.json')) as { packages: Record<string, LockedPackage> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('package.json', () => {
  for (const kind of ['nodes', 'plugins'] as const) {
    it(`registers every file of ${kind} under its own name, and nothing else`, () => {
      const names = trackedFiles()
        .filter((file) => file.startsWith(`${kind}/`) && /^[^/]+\/[^/]+\.ts$/.test(file))
        .filter((file) => !file.endsWith('.editor.ts'))
        .map((file) => posix.basename(file, '.ts'));
      assert.ok(names.length > 0);
      const expected = Object.fromEntries(names.map((name) => [name, `dist/${kind}/${name}.js`]));
      assert.deepEqual(manifest['node-red'][kind], expected);
    });
  }

  it('asks for the oldest Node and Node-RED that are tested', () => {
    assert.equal(manifest.engines.node, '>=20.19');
    assert.equal(manifest['node-red'].version, '>=4.1.0');
  });

  it('ships what the user needs and no more', () => assert.deepEqual(manifest.files, ['dist', 'examples']));

  it(`has at most ${MOST_DEPENDENCIES} dependencies`, () => assert.ok(dependencies.length <= MOST_DEPENDENCIES));

  it('depends on exactly what the product imports', () => {
    const imported = productFiles()
      .filter((file) => !file.startsWith('src/editor/') && !file.endsWith('.editor.ts'))
      .flatMap((file) => importsOf(file))
      .filter((one) => !one.typeOnly && !one.specifier.startsWith('.') && !one.specifier.startsWith('node:'))
      .map((one) => one.specifier.split('/')[0])
      .filter((name) => !builtinModules.includes(name ?? ''));
    assert.deepEqual([...new Set(imported)].sort(), dependencies.toSorted());
  });

  it('has no script that runs at the install of a user', () => {
    const automatic = ['preinstall', 'install', 'postinstall'].filter((name) => name in manifest.scripts);
    assert.deepEqual(automatic, []);
  });
});

describe('package-lock.json', () => {
  it('says of every package what it is, never where it was downloaded', () => {
    assert.ok(locked.length > 0);
    assert.deepEqual(
      locked.filter(([, one]) => one.resolved !== undefined).map(([path]) => path),
      [],
    );
    assert.deepEqual(
      locked.filter(([, one]) => !one.integrity && !one.inBundle).map(([path]) => path),
      [],
    );
  });

  it('brings the user no package with an install script', () => {
    const shipped = locked.filter(([, one]) => !one.dev);
    assert.ok(shipped.length >= dependencies.length);
    assert.deepEqual(
      shipped.filter(([, one]) => one.hasInstallScript).map(([path]) => path),
      [],
    );
  });
});

describe('CHANGELOG.md', () => {
  it('has a section for what is not released and one for the version of package.json', () => {
    const sections = [...readTracked('CHANGELOG.md').matchAll(/^## \[([^\]]+)\]/gm)].map((match) => match[1]);
    assert.equal(sections[0], 'Unreleased');
    assert.ok(sections.includes(manifest.version), `no section for ${manifest.version}`);
  });
});
