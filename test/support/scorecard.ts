import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { nodeDefinitions, type NodeDefinition } from './node-definitions';

/** What of package.json the scorecard reads. */
interface Manifest {
  name: string;
  license?: string;
  repository?: unknown;
  bugs?: unknown;
  keywords?: string[];
  engines?: { node?: string };
  dependencies?: Record<string, string>;
  'node-red': { version?: string; nodes: Record<string, string> };
}

/** What the package is compared with: the tool asks catalogue.nodered.org and the npm registry. */
export interface Surroundings {
  /** Packages of others with their node types. */
  catalogue: readonly { id: string; types: readonly string[] }[];
  /** Versions of Node-RED that are supported, and the Node.js that each needs. */
  nodeRed: readonly { version: string; node: string }[];
  /** Every package that an installation brings, with its version. */
  installed: readonly { name: string; version: string }[];
}

interface Package {
  folder: string;
  manifest: Manifest;
  definitions: readonly NodeDefinition[];
  surroundings: Surroundings;
}

/** semver of Node-RED itself, which decides there what may be installed. */
const semver = createRequire(require.resolve('node-red/package.json'))('semver') as {
  satisfies(version: string, range: string): boolean;
  minVersion(range: string): { version: string } | null;
};

/** badpackages.json of node-red-dev 0.1.6. */
const INCOMPATIBLE: Readonly<Record<string, string>> = { 'agent-base': '<6.0.0' };
const MOST_DEPENDENCIES = 6;

const when = (broken: boolean, problem: string): string[] => (broken ? [problem] : []);

/**
 * The rules of the Flow Library's scorecard, as node-red-dev 0.1.6 judges them; each answers with what is wrong.
 * The tool itself is no dependency of ours: it brings 440 packages, one of them an old axios with advisories, asks three
 * servers, and passes whatever it cannot read. Run once on this package, with answers in their place, it agrees.
 *
 * Not here: P02 (switched off in the tool), D03 (newest versions of the dependencies: a fact of the day, not of the package).
 */
export const RULES: Readonly<Record<string, (judged: Package) => string[]>> = {
  'P01 licence': ({ manifest }) => when(!manifest.license, 'no license'),
  'P03 where to report': ({ manifest }) => when(!manifest.repository && !manifest.bugs, 'no repository, no bugs'),
  'P04 scoped name': ({ manifest: { name } }) => when(!/^@[a-z\d][\w-.]+\/[a-z\d][\w-.]*$/.test(name), name),
  'P05 keyword': ({ manifest }) => when(!manifest.keywords?.includes('node-red'), 'no keyword node-red'),
  'P06 Node-RED versions': ({ manifest, surroundings }) => {
    const range = manifest['node-red'].version;
    if (!range) return ['no version'];
    const refused = surroundings.nodeRed.filter(({ version }) => !semver.satisfies(version, range));
    return refused.map(({ version }) => `Node-RED ${version} is not in ${range}`);
  },
  'P07 Node.js versions': ({ manifest, surroundings }) => {
    const range = manifest.engines?.node;
    const newest = surroundings.nodeRed.at(-1)?.node ?? '';
    const oldest = semver.minVersion(newest)?.version ?? '';
    return when(!range || !semver.satisfies(oldest, range), `Node.js ${oldest} is not in ${range}`);
  },
  'P08 no package of a similar name': ({ manifest, surroundings }) => {
    const last = (name: string) => name.split('/').at(-1);
    const others = surroundings.catalogue.filter(({ id }) => id !== manifest.name && last(id) === last(manifest.name));
    return others.map(({ id }) => id);
  },
  'N00 every node can be read': ({ manifest, definitions }) =>
    Object.keys(manifest['node-red'].nodes).flatMap((type) => {
      const one = definitions.find((definition) => definition.type === type);
      if (!one) return [`${type}: no definition`];
      const isConfig = one.inline.category === 'config';
      const wanted = isConfig ? ['category'] : ['category', 'color', 'icon', 'inputs', 'outputs'];
      return [
        ...when(!one.defaults, `${type}: defaults`),
        ...wanted.filter((member) => !(member in one.inline)).map((member) => `${type}: ${member}`),
      ];
    }),
  'N01 node types of nobody else': ({ manifest, definitions, surroundings }) =>
    surroundings.catalogue
      .filter(({ id }) => id !== manifest.name)
      .flatMap(({ id, types }) =>
        definitions.filter(({ type }) => types.includes(type)).map(({ type }) => `${type} is in ${id}`),
      ),
  'N02 an example of every node': ({ folder, definitions }) => {
    const used = exampleTypes(folder);
    return definitions
      .filter(({ type, inline }) => inline.category !== 'config' && !used.has(type))
      .map(({ type }) => type);
  },
  'D01 few dependencies': ({ manifest }) => {
    const count = Object.keys(manifest.dependencies ?? {}).length;
    return when(count > MOST_DEPENDENCIES, `${count} dependencies`);
  },
  'D02 no incompatible package': ({ surroundings }) =>
    surroundings.installed
      .filter(({ name, version }) => name in INCOMPATIBLE && semver.satisfies(version, INCOMPATIBLE[name] ?? ''))
      .map(({ name, version }) => `${name}@${version}`),
};

function exampleTypes(folder: string): Set<string> {
  const examples = join(folder, 'examples');
  if (!existsSync(examples)) return new Set();
  const files = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  const nodes = files.flatMap((name) => JSON.parse(readFileSync(join(examples, name), 'utf8')) as { type: string }[]);
  return new Set(nodes.map(({ type }) => type));
}

/**
 * Judge a package as it lies in a folder.
 *
 * @returns what is wrong, by rule; empty lists are what is wanted
 */
export function scorecard(folder: string, surroundings: Surroundings): Record<string, string[]> {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const pages = Object.values(manifest['node-red'].nodes).map((file) => join(folder, file.replace(/\.js$/, '.html')));
  const definitions = pages.filter((file) => existsSync(file)).flatMap(nodeDefinitions);
  const judged: Package = { folder, manifest, definitions, surroundings };
  return Object.fromEntries(Object.entries(RULES).map(([rule, judge]) => [rule, judge(judged)]));
}
