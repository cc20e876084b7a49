import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exampleFiles } from '../support/example-flow';
import {
  installedManifests,
  installIntoNewUserDir,
  packPackage,
  temporaryFolder,
  type PackedPackage,
} from '../support/packed-package';
import { CHECKOUT } from '../support/runtimes';
import { productFiles } from '../support/source-tree';

/** All that may be in the tarball. README and LICENSE are put there by npm, whatever `files` says. */
const EXPECTED_FILES = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/src\/(model|encoding|pki|store|tls|ca|export|mqtt|node-red|probe-worker)\.js$/,
  /^dist\/nodes\/[a-z0-9-]+\.(js|html)$/,
  /^dist\/nodes\/icons\/[a-z0-9-]+\.(svg|png)$/,
  /^dist\/nodes\/locales\/[a-z]{2}(-[A-Z]{2})?\/[a-z0-9-]+\.(json|html)$/,
  /^dist\/plugins\/[^/]+\.(js|html)$/,
  /^dist\/plugins\/locales\/[^/]+\/[^/]+\.json$/,
  /^examples\/\d\d - [^/]+\/\d\d - [^/]+\.json$/,
];

const LANGUAGES = readdirSync(join(CHECKOUT, 'nodes', 'locales'));

/** What Node-RED reads beside the .js of each node. */
const FILES_OF_A_NODE = (type: string) => [
  `dist/nodes/${type}.js`,
  `dist/nodes/${type}.html`,
  ...LANGUAGES.flatMap((language) => [
    `dist/nodes/locales/${language}/${type}.json`,
    `dist/nodes/locales/${language}/${type}.html`,
  ]),
];

const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
  dependencies: Record<string, string>;
  'node-red': { nodes: Record<string, string>; plugins: Record<string, string> };
};

describe('the tarball', () => {
  let folder: string;
  let packed: PackedPackage;
  let paths: string[];

  before(() => {
    folder = temporaryFolder('pack');
    packed = packPackage(folder);
    paths = packed.files.map((file) => file.path);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('carries name and version of package.json', () => {
    assert.deepEqual([packed.name, packed.version], [manifest.name, manifest.version]);
  });

  it('holds only what a user needs', () => {
    assert.deepEqual(
      paths.filter((path) => !EXPECTED_FILES.some((expected) => expected.test(path))),
      [],
    );
  });

  it('holds readme, licence, examples and an icon', () => {
    for (const path of ['package.json', 'README.md', 'LICENSE']) assert.ok(paths.includes(path), path);
    const examples = exampleFiles().map((name) => `examples/${name}`);
    assert.ok(examples.length > 0);
    assert.deepEqual(paths.filter((path) => path.startsWith('examples/')).sort(), examples.sort());
    assert.ok(paths.some((path) => path.startsWith('dist/nodes/icons/')));
  });

  for (const type of Object.keys(manifest['node-red'].nodes)) {
    it(`holds all files of ${type}`, () => {
      assert.deepEqual(
        FILES_OF_A_NODE(type).filter((path) => !paths.includes(path)),
        [],
      );
    });
  }

  it('holds all files of the editor plugins', () => {
    for (const file of Object.values(manifest['node-red'].plugins)) {
      for (const path of [file, file.replace(/js$/, 'html')]) assert.ok(paths.includes(path), path);
    }
    for (const language of LANGUAGES) assert.ok(paths.includes(`dist/plugins/locales/${language}/certificates.json`));
  });

  it('holds no empty file', () => {
    assert.deepEqual(
      packed.files.filter((file) => file.size === 0).map((file) => file.path),
      [],
    );
  });

  it('holds every file of the source, under its name, in the file of its floor', () => {
    const missing = productFiles()
      .filter((file) => file.startsWith('src/') && !file.startsWith('src/editor/'))
      .filter((file) => {
        const [, floor = ''] = file.split('/');
        return !readFileSync(join(CHECKOUT, 'dist', 'src', `${floor}.js`), 'utf8').includes(` ${file}\n`);
      });
    assert.deepEqual(missing, []);
  });

  it('refers to no file that was left behind', () => {
    const scripts = paths.filter((path) => path.endsWith('.js'));
    assert.ok(scripts.length > 0);
    const dangling = scripts.flatMap((path) => {
      const text = readFileSync(join(CHECKOUT, path), 'utf8');
      return [...text.matchAll(/require\("(\.[^"]+)"\)/g)]
        .map((match) => join(path, '..', match[1] ?? '').replace(/(\.js)?$/, '.js'))
        .filter((target) => !paths.includes(target))
        .map((target) => `${path} requires ${target}`);
    });
    assert.deepEqual(dangling, []);
    const mapped = scripts.filter((path) => readFileSync(join(CHECKOUT, path), 'utf8').includes('sourceMappingURL'));
    assert.deepEqual(mapped, []);
  });
});

describe('the installed package', () => {
  let folder: string;
  let userDir: string;

  before(() => {
    folder = temporaryFolder('pack');
    userDir = installIntoNewUserDir(packPackage(folder).tarball);
  });

  after(() => {
    for (const path of [folder, userDir]) if (path) rmSync(path, { recursive: true, force: true });
  });

  it('and all it brings along run no script at installation', () => {
    const installed = installedManifests(userDir);
    const paths = installed.map((one) => one.path.replace(/^node_modules\//, ''));
    for (const name of [manifest.name, ...Object.keys(manifest.dependencies)]) assert.ok(paths.includes(name), name);
    const scripted = installed.filter((one) => {
      const compiled = existsSync(join(userDir, one.path, 'binding.gyp'));
      return compiled || ['preinstall', 'install', 'postinstall'].some((name) => one.scripts?.[name] !== undefined);
    });
    assert.deepEqual(
      scripted.map((one) => one.path),
      [],
    );
  });

  it('brings no second Node-RED and no tool of ours', () => {
    const paths = installedManifests(userDir).map((one) => one.path);
    const foreign = paths.filter((path) =>
      /node_modules\/(node-red|@node-red|typescript|mocha|esbuild|tsx)(\/|$)/.test(path),
    );
    assert.deepEqual(foreign, []);
  });
});
