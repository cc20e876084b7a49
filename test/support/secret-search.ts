import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Canaries, type Sighting } from './canary';
import type { Comms } from './comms';
import type { NodeRedProcess } from './node-red-process';

/** Members of settings.js: log everything there is to log, so that it is searched, too. */
export const LOG_EVERYTHING = `logging: { console: { level: 'trace', metrics: false, audit: true } },`;

/** Also as a literal in C or JavaScript. */
const PEM_KEY = /-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----/g;

/** What is known of a Node-RED whose secrets are sought. */
export interface Searched {
  nodeRed: NodeRedProcess;
  comms: Comms;
  /** Passphrases and passwords that were entered, by what they are called. */
  entered?: Record<string, string>;
}

/**
 * Search what a Node-RED has shown for every private key that lies below its user directory, and for what was entered:
 * flows, credentials, context and settings as the editor gets them, debug messages, statuses, the log; arguments and
 * environment of it and of the programs it has started; names and content of files.
 *
 * A key may stand in a file that is its owner's alone, an entered text in none.
 */
export async function assertNoSecretSeen({ nodeRed, comms, entered = {} }: Searched): Promise<void> {
  const { userDir } = nodeRed;
  const files = filesBelow(userDir);
  const texts = new Canaries();
  for (const [name, text] of Object.entries(entered)) texts.addText(name, text);
  const all = new Canaries();
  for (const [name, text] of Object.entries(entered)) all.addText(name, text);
  const keys = new Map(files.flatMap(keysIn));
  // Every example has a CA: a search for nothing would find nothing.
  assert.notEqual(keys.size, 0, 'there are keys to be sought');
  for (const [, { file, key }] of keys) all.addKey(`key of ${relative(userDir, file)}`, key);

  const sightings: Sighting[] = [];
  for (const [where, text] of await answersOf(nodeRed)) sightings.push(...all.search(where, text));
  sightings.push(
    ...all.search('the log', nodeRed.log),
    ...all.searchValue('debug', comms.debug),
    ...all.searchValue('statuses', comms.statuses),
    ...all.searchValue('news', comms.news),
  );
  for (const [where, text] of processTexts(nodeRed.pid)) sightings.push(...all.search(where, text));
  for (const file of files) {
    const name = relative(userDir, file);
    sightings.push(...all.search(`the name of ${name}`, name));
    const found = ifThere(() => ({ isOwnersAlone: (statSync(file).mode & 0o077) === 0, content: readFileSync(file) }));
    if (found) sightings.push(...(found.isOwnersAlone ? texts : all).search(name, found.content));
  }
  assert.deepEqual(sightings, []);
}

/** A Node-RED that runs writes files under another name first: one that was listed may have its own name now. */
function ifThere<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

type FoundKey = [base64: string, { file: string; key: KeyObject }];

/** The private keys in a file that are not encrypted, by their base64. */
function keysIn(file: string): FoundKey[] {
  const blocks = [...(ifThere(() => readFileSync(file, 'latin1')) ?? '').matchAll(PEM_KEY)];
  return blocks.map(([, text = '']) => {
    const base64 = text.replace(/\\n|\\r|[\s"']/g, '');
    return [
      base64,
      { file, key: createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' }) },
    ];
  });
}

/** What the admin API tells the editor. */
async function answersOf({ url }: NodeRedProcess): Promise<[where: string, text: string][]> {
  const get = async (path: string): Promise<string> => (await fetch(url + path)).text();
  const flows = await get('flows');
  const nodes = JSON.parse(flows) as { id: string; type: string }[];
  const paths = nodes.flatMap(({ id, type }) => {
    if (type === 'tab') return [`context/flow/${id}`];
    return /^(tls-|secure-mqtt-|mqtt)/.test(type) ? [`credentials/${type}/${id}`] : [];
  });
  const answers = ['settings', 'context/global', ...paths].map(async (path): Promise<[string, string]> => [
    path,
    await get(path),
  ]);
  return [['flows', flows], ...(await Promise.all(answers))];
}

/** Arguments and environment of a program and of all it has started, where the system tells (Linux). */
function processTexts(pid: number): [where: string, text: string][] {
  return [pid, ...descendants(pid)].flatMap((each) =>
    ['cmdline', 'environ'].flatMap((name): [string, string][] => {
      try {
        return [[`${name} of ${each}`, readFileSync(`/proc/${each}/${name}`, 'latin1')]];
      } catch {
        return [];
      }
    }),
  );
}

function descendants(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim().split(/\s+/).filter(Boolean).map(Number),
    );
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
