import type { KeyObject } from 'node:crypto';
import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { codedError, isCodedError, type CodedError } from '../model/errors';
import { Certificate } from '../pki/certificate';
import { openPrivateKey } from '../pki/key-encryption';
import { keyTypeOf } from '../pki/private-key';
import { spkiOf } from '../pki/public-key';
import type { ImportMaterial } from './import-material';

/** The CA among what was found. */
export interface ImportChoice {
  certificate: Certificate;
  secretKey: KeyObject;
  /** Path of the file of the key, relative. */
  keyPath: string;
  /** All keys that could be opened, by the hex of their SubjectPublicKeyInfo. */
  secretKeys: Map<string, OpenedKey>;
  /** All CA certificates found, for the chain. */
  authorities: Certificate[];
  /** Files whose keys could not be opened. */
  closedKeys: string[];
}

interface OpenedKey {
  key: KeyObject;
  path: string;
}

/**
 * Rounds of key derivation for all keys together: 100,000 keys as openssl encrypts them (2,048 rounds), or 400 as careful
 * programs do. Some minutes in the thread pool; a folder of somebody else could ask for days.
 */
const MOST_ROUNDS = 250_000_000;

/** Opening an encrypted key costs a millisecond or more; parsing a certificate a tenth of one. */
const CERTIFICATES_PER_TURN = 50;

/**
 * Find the CA: the CA certificate whose private key is there, too. Of several the one nearest to the place that was named,
 * or the one in the file that was named.
 *
 * @param mostRounds of key derivation; keys beyond stay closed
 * @throws KEY_ENCRYPTED, KEY_PASSPHRASE_WRONG, KEY_ABSENT, CERT_ABSENT, KEY_MISMATCH, CERT_NOT_A_CA, KEY_UNSUPPORTED,
 *   INPUT_AMBIGUOUS; the code of the first unreadable key
 */
export async function chooseAuthority(
  material: ImportMaterial,
  secretPassphrase?: string,
  mostRounds = MOST_ROUNDS,
): Promise<ImportChoice> {
  const { secretKeys, failures } = await openKeys(material, secretPassphrase, mostRounds);
  const { authorities, withKey } = await readCertificates(material, secretKeys);
  const candidates = withKey.filter(({ certificate }) => certificate.isCa);
  const { named } = material;
  const inNamed = leavesIn(material);
  if (inNamed) throw inNamed;
  const nearest = named
    ? candidates.filter(({ path, keyPath }) => path === named || keyPath === named)
    : nearestOf(candidates);
  const newest = newestByKey(nearest);
  const [chosen, ...others] = newest;
  if (!chosen) throw notFound(material, secretKeys, withKey, failures);
  if (others.length > 0) throw ambiguous(material, newest);
  const { key } = secretKeys.get(chosen.spki) as OpenedKey;
  keyTypeOf(key);
  const closedKeys = failures.map(({ path }) => path);
  return {
    certificate: chosen.certificate,
    secretKey: key,
    keyPath: chosen.keyPath,
    secretKeys,
    authorities,
    closedKeys,
  };
}

async function openKeys({ secretKeys }: ImportMaterial, secretPassphrase: string | undefined, mostRounds: number) {
  let roundsLeft = mostRounds;
  const spend = (rounds: number): void => {
    if (rounds > roundsLeft) throw tooCostly(mostRounds);
    roundsLeft -= rounds;
  };
  const opened = new Map<string, OpenedKey>();
  const failures: { path: string; error: CodedError }[] = [];
  for (const { secret, path } of secretKeys) {
    await nextTurn();
    try {
      const key = await openPrivateKey(secret, secretPassphrase, spend);
      const spki = spkiOf(key).toString('hex');
      if (!opened.has(spki)) opened.set(spki, { key, path });
    } catch (error) {
      if (!isCodedError(error)) throw error;
      failures.push({ path, error });
    }
  }
  return { secretKeys: opened, failures };
}

function tooCostly(mostRounds: number): CodedError {
  return codedError(
    'KEY_UNSUPPORTED',
    `the private keys found ask for more than ${mostRounds} rounds of key derivation together`,
    { limit: mostRounds },
    'Name the file of the CA itself, or leave the encrypted keys of its devices out of a copy of the folder',
  );
}

interface Candidate {
  certificate: Certificate;
  path: string;
  spki: string;
  keyPath: string;
}

async function readCertificates({ certificates }: ImportMaterial, secretKeys: ReadonlyMap<string, OpenedKey>) {
  const authorities: Certificate[] = [];
  const withKey: Candidate[] = [];
  let count = 0;
  for (const { der, path } of certificates.values()) {
    count += 1;
    if (count % CERTIFICATES_PER_TURN === 0) await nextTurn();
    const certificate = readOrNothing(der);
    if (!certificate) continue;
    if (certificate.isCa || certificate.isSelfIssued) authorities.push(certificate);
    const spki = certificate.spki.toString('hex');
    const key = secretKeys.get(spki);
    if (key) withKey.push({ certificate, path, spki, keyPath: key.path });
  }
  return { authorities, withKey };
}

/** A damaged certificate among many is one that is not there. */
export function readOrNothing(der: Buffer): Certificate | undefined {
  try {
    return Certificate.fromDer(der);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return undefined;
  }
}

function nearestOf(candidates: readonly Candidate[]): Candidate[] {
  const depthOf = ({ keyPath }: Candidate) => keyPath.split('/').length;
  const least = Math.min(...candidates.map(depthOf));
  return candidates.filter((one) => depthOf(one) === least);
}

/** A CA that was renewed with the same key has several certificates: the last counts. */
function newestByKey(candidates: readonly Candidate[]): Candidate[] {
  const byKey = new Map<string, Candidate>();
  for (const one of candidates) {
    const known = byKey.get(one.spki);
    if (!known || known.certificate.notAfter < one.certificate.notAfter) byKey.set(one.spki, one);
  }
  return [...byKey.values()];
}

/** Whoever names the certificate of a device is told so, and not of keys that lie around it. */
function leavesIn({ named, certificates, root }: ImportMaterial): CodedError | undefined {
  const read = [...certificates.values()].filter(({ path }) => path === named).map(({ der }) => readOrNothing(der));
  const [first] = read;
  return first && read.every((one) => one && !one.isCa) ? notAnAuthority(first, named ?? '', root) : undefined;
}

function notAnAuthority({ subjectText, version }: Certificate, path: string, root: string): CodedError {
  const old = version === 1 ? '; one of X.509 version 1, as this one is, cannot have it' : '';
  return codedError(
    'CERT_NOT_A_CA',
    `the certificate ${subjectText} in ${path} is not a CA certificate`,
    { path, subject: subjectText, root, version },
    `Name the file or folder of the CA itself; a CA certificate has basicConstraints with CA:TRUE${old}`,
  );
}

function notFound(
  material: ImportMaterial,
  secretKeys: ReadonlyMap<string, OpenedKey>,
  withKey: readonly Candidate[],
  failures: readonly { path: string; error: CodedError }[],
): CodedError {
  const { root, named } = material;
  const place = named ? `${root}/${named}` : root;
  const looksRight = ({ path }: { path: string }) => path === named || /(^|[^a-z])(root)?ca/i.test(basename(path));
  const failure = failures.find(looksRight) ?? failures[0];
  // A key that stays closed may be the one: the passphrase is the first thing to mend.
  if (failure) {
    const { error, path } = failure;
    return codedError(error.code, `${error.message} (${path})`, { ...error.cause, path, root }, error.hint);
  }
  const [other] = withKey;
  if (other) return notAnAuthority(other.certificate, other.path, root);
  if (material.certificates.size === 0) {
    return codedError('CERT_ABSENT', `no certificate was found in ${place}`, { path: place }, HINT);
  }
  if (secretKeys.size === 0) {
    return codedError('KEY_ABSENT', `no private key was found in ${place}`, { path: place }, HINT);
  }
  const paths = [...secretKeys.values()].map(({ path }) => path).slice(0, 10);
  return codedError(
    'KEY_MISMATCH',
    `none of the private keys in ${place} belongs to a certificate there: ${paths.join(', ')}`,
    { path: place, keys: paths },
    HINT,
  );
}

const HINT = 'The CA certificate and its private key are both needed, in one file or in one folder';

function ambiguous({ root }: ImportMaterial, candidates: readonly Candidate[]) {
  const found = candidates.map(({ certificate, path }) => ({ subject: certificate.subjectText, path }));
  return codedError(
    'INPUT_AMBIGUOUS',
    `${root} holds ${found.length} CAs with their keys: ${found.map(({ path }) => path).join(', ')}`,
    { path: root, found: found.slice(0, 20) },
    whichOf(root, candidates),
  );
}

/** Of a root and an intermediate, as step keeps them in one folder, the lower one issues. */
function whichOf(root: string, candidates: readonly Candidate[]): string {
  const [first] = candidates;
  const lowest = candidates.filter(({ certificate: { subjectText } }) =>
    candidates.every(({ certificate: other }) => other.subjectText === subjectText || other.issuerText !== subjectText),
  );
  const [issuing] = lowest;
  if (lowest.length === 1 && issuing) {
    return `Write ${root}/${issuing.path} into "Import from": that CA is below the others, so it issues. For another one write its file`;
  }
  return `Write the file of the one that is meant into "Import from", for example ${root}/${first?.path ?? ''}`;
}
