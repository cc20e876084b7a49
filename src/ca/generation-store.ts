import { codedError, isCodedError } from '../model/errors';
import { Certificate } from '../pki/certificate';
import { keyBelongsTo, readPrivateKey } from '../pki/private-key';
import type { CaFolder } from '../store/ca-folder';
import { ancestorOf, GENERATION_ROLES, type Ancestor, type Generation, type GenerationRole } from './generation';

const VERSION = 1;

/** The keys of a CA and the certificates it ever had. */
export interface Generations {
  /** The current one first. */
  generations: Generation[];
  /** Oldest first, the current one among them. */
  ancestors: Ancestor[];
}

interface StoredGeneration {
  role: GenerationRole;
  certificate: string;
  cross?: string;
}

/**
 * Make another set of keys the valid one. `generations.json` decides and is replaced in one rename: before it the old
 * set holds, after it the new one. Keys are written before, and those that nobody needs any more removed after it.
 *
 * @param secretPem the private keys to write, by the certificate they belong to
 * @throws STORE_…
 */
export async function writeGenerations(
  folder: CaFolder,
  { generations, ancestors }: Generations,
  secretPem: ReadonlyMap<Certificate, string>,
): Promise<void> {
  for (const [certificate, pem] of secretPem) await folder.writeGenerationKey(idOf(certificate), pem);
  const stored = generations.map(({ role, certificate, cross }): StoredGeneration => {
    return { role, certificate: certificate.pem, ...(cross && { cross: cross.pem }) };
  });
  const content = { version: VERSION, generations: stored, ancestors };
  const before = await folder.readIfThere('generations.json');
  try {
    await folder.write('generations.json', `${JSON.stringify(content, undefined, 2)}\n`);
  } catch (error) {
    // The rename may have happened although the disk said no. Whoever is told of a failure must not find it done later.
    await (before ? folder.write('generations.json', before) : folder.remove('generations.json')).catch(
      () => undefined,
    );
    throw error;
  }
}

/** Remove the private keys that no generation has. */
export async function sweepGenerationKeys(folder: CaFolder, generations: readonly Generation[]): Promise<void> {
  await folder.keepGenerationKeys(new Set(generations.map(({ certificate }) => idOf(certificate))));
}

/**
 * @returns undefined for a CA whose certificate was never renewed or replaced
 * @throws CA_CORRUPT, STORE_VERSION, KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG, KEY_MISMATCH
 */
export async function readGenerations(
  folder: CaFolder,
  passphrase: string | undefined,
): Promise<(Generations & { keysEncrypted: boolean }) | undefined> {
  const bytes = await folder.readIfThere('generations.json');
  if (bytes === undefined) return undefined;
  const { stored, ancestors } = parse(folder, bytes);
  const generations: Generation[] = [];
  let keysEncrypted = false;
  for (const { role, certificate: pem, cross } of stored) {
    const certificate = Certificate.fromPem(pem);
    const secretPem = await folder.readGenerationKey(idOf(certificate));
    if (secretPem === undefined) throw keyGone(folder, certificate);
    keysEncrypted ||= secretPem.includes('ENCRYPTED');
    const secretKey = readPrivateKey(secretPem, passphrase);
    if (!keyBelongsTo(secretKey, certificate))
      throw corrupt(folder, 'a private key does not belong to its certificate');
    generations.push({ role, certificate, secretKey, ...(cross && { cross: Certificate.fromPem(cross) }) });
  }
  return { generations, ancestors, keysEncrypted };
}

/**
 * The certificates that the CA of a folder has and had, without opening a key.
 *
 * @throws CA_CORRUPT, STORE_…, CERT_…
 */
export async function readAncestors(folder: CaFolder): Promise<Ancestor[]> {
  const bytes = await folder.readIfThere('generations.json');
  if (bytes) return parse(folder, bytes).ancestors;
  return [ancestorOf(Certificate.fromPem((await folder.read('ca.pem')).toString('utf8')))];
}

/** Not of the key alone: a renewed certificate has the same. */
function idOf({ fingerprint256 }: Certificate): string {
  return fingerprint256.replaceAll(':', '').slice(0, 32);
}

function parse(folder: CaFolder, bytes: Buffer): { stored: StoredGeneration[]; ancestors: Ancestor[] } {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as {
      version: number;
      generations: StoredGeneration[];
      ancestors: Ancestor[];
    };
    if (value.version > VERSION) throw newer(folder, value.version);
    const stored = value.generations;
    const roles = stored.map(({ role }) => role);
    const areKnown = roles.every((role) => GENERATION_ROLES.includes(role)) && new Set(roles).size === roles.length;
    if (!areKnown || roles[0] !== 'current') throw corrupt(folder, `its roles are ${roles.join(', ')}`);
    if (!stored.every(isStored)) throw corrupt(folder, 'a certificate is missing');
    const ancestors = value.ancestors.map(({ fingerprint256, keyId }) => ({
      fingerprint256: String(fingerprint256),
      keyId: String(keyId),
    }));
    // Read here, so that damage shows as damage of this file.
    const current = ancestorOf(Certificate.fromPem(stored[0]?.certificate ?? ''));
    if (!ancestors.some(({ fingerprint256 }) => fingerprint256 === current.fingerprint256)) ancestors.push(current);
    return { stored, ancestors };
  } catch (error) {
    if (isCodedError(error) && (error.code === 'STORE_VERSION' || error.code === 'CA_CORRUPT')) throw error;
    throw corrupt(folder, 'it cannot be read');
  }
}

function isStored({ certificate, cross }: Partial<Record<keyof StoredGeneration, unknown>>): boolean {
  return typeof certificate === 'string' && ['string', 'undefined'].includes(typeof cross);
}

function corrupt(folder: CaFolder, why: string) {
  const path = folder.pathOf('generations.json');
  return codedError(
    'CA_CORRUPT',
    `${path} does not describe the keys of a CA: ${why}`,
    { folder: folder.path, file: 'generations.json' },
    'Restore the whole folder from one backup',
  );
}

function keyGone(folder: CaFolder, certificate: Certificate) {
  const { subjectText, fingerprint256 } = certificate;
  return codedError(
    'CA_CORRUPT',
    `the private key of ${subjectText} (${fingerprint256}) is missing in ${folder.pathOf('private')}`,
    { folder: folder.path, file: 'generations.json', fingerprint256 },
    'Restore the whole folder from one backup',
  );
}

function newer(folder: CaFolder, version: number) {
  return codedError(
    'STORE_VERSION',
    `${folder.pathOf('generations.json')} was written by a newer version of the package (version ${version}, this package knows ${VERSION})`,
    { folder: folder.path, found: version, known: VERSION },
    'Update @flowcerts/node-red-secure-mqtt in Manage palette',
  );
}
