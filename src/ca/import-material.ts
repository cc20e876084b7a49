import { createHash } from 'node:crypto';
import { basename, dirname, relative } from 'node:path';
import { codedError, isCodedError } from '../model/errors';
import { looksLikePem } from '../encoding/pem';
import { readForeignMaterial } from '../pki/foreign-material';
import { readPkcs12 } from '../pki/pkcs12';
import { secretPrivateKeyDer } from '../pki/private-key';
import type { RevocationList } from '../pki/revocation-list';
import { PEM_FILE_LIMIT, readBounded } from '../store/bounded-file';
import type { FileSystem } from '../store/file-system';
import { visitFiles, type PassedOver } from '../store/file-visit';
import { isFolder } from '../store/folder';

/** Everything that was found at the place a CA is imported from, not judged yet. Paths are relative to `root`. */
export interface ImportMaterial {
  /** Absolute path that was looked through. */
  root: string;
  /** The file that was named; undefined when a folder was. */
  named?: string;
  /** Each certificate once, by its SHA-256, with the first file it stands in. */
  certificates: Map<string, { der: Buffer; path: string }>;
  secretKeys: { secret: string | Buffer; path: string }[];
  lists: RevocationList[];
  /** Indexes of OpenSSL, by the path of their folder. */
  indexes: Map<string, Buffer>;
  /** `crlnumber` of OpenSSL, by the path of its folder. */
  crlNumbers: Map<string, string>;
  passedOver: PassedOver & { unreadable: string[] };
}

const MIB = 1024 * 1024;
/** A CA of 100,000 devices has an index of 10 MiB, and files in three folders (easy-rsa: issued, certs_by_serial, reqs). */
const INDEX_LIMIT = 64 * MIB;
const LIST_LIMIT = 16 * MIB;
const VISIT_LIMITS = { maxDepth: 4, maxEntries: 500_000, maxBytes: 2048 * MIB };
const MOST_NAMED = 20;

/** Endings of what holds keys and certificates; step writes keys without any. */
const ENDINGS = /(^|\/)[^.]+$|\.(pem|crt|cer|cert|der|key|ca-bundle)$/i;
const LIST_NAMES = /\.crl$|^crl\.(pem|der)$/i;
const PKCS12_NAMES = /\.(p12|pfx)$/i;
/** Folders in which tools keep certificates and keys apart: what belongs together lies one above. */
const PARTS_OF_A_CA = /^(certs?|private|secrets|keys|newcerts|issued)$/i;

/**
 * Collect what a file or folder holds.
 *
 * A file that holds a key with its certificate stands alone (PEM bundle, PKCS#12); to one that holds only one of the two, the
 * other is looked for around it.
 *
 * @param path absolute
 * @param secretPassphrase opens a PKCS#12 file; keys stay closed here
 * @throws STORE_NOT_FOUND, STORE_…, INPUT_TOO_MANY, PEM_MALFORMED, PEM_NO_BLOCK, PEM_WRONG_LABEL, P12_…
 */
export async function collectMaterial(
  fs: FileSystem,
  path: string,
  secretPassphrase: string | undefined,
): Promise<ImportMaterial> {
  if (await isFolder(fs, path)) return collectFolder(fs, path);
  const bytes = await readBounded(fs, path, { limit: LIST_LIMIT, what: 'the CA to import' });
  const alone = { ...emptyMaterial(dirname(path)), named: basename(path) };
  if (PKCS12_NAMES.test(path) || isPkcs12(bytes)) await addPkcs12(alone, bytes, secretPassphrase);
  else add(alone, basename(path), bytes);
  // What lies around the file is not what was meant: the fault would be sought in the wrong file.
  if (alone.certificates.size === 0 && alone.secretKeys.length === 0) throw holdsNothing(path, bytes);
  if (alone.certificates.size > 0 && alone.secretKeys.length > 0) return alone;
  const around = PARTS_OF_A_CA.test(basename(dirname(path))) ? dirname(dirname(path)) : dirname(path);
  const named = relative(around, path).replaceAll('\\', '/');
  const material = { ...(await collectFolder(fs, around)), named };
  // What the named file holds may stand in another one, too: here it counts as that of the named one.
  add(material, named, bytes);
  return material;
}

async function collectFolder(fs: FileSystem, root: string): Promise<ImportMaterial> {
  const material = emptyMaterial(root);
  const { unreadable } = material.passedOver;
  const passedOver = await visitFiles(fs, root, { ...VISIT_LIMITS, limitOf }, async ({ path, bytes }) => {
    const folder = path.includes('/') ? dirname(path) : '';
    const name = basename(path);
    if (name === 'index.txt') material.indexes.set(folder, bytes);
    else if (name === 'crlnumber') material.crlNumbers.set(folder, bytes.toString('latin1'));
    else {
      try {
        add(material, path, bytes);
      } catch (error) {
        if (!isCodedError(error)) throw error;
        if (unreadable.length < MOST_NAMED) unreadable.push(path);
      }
    }
  });
  return { ...material, passedOver: { ...passedOver, unreadable } };
}

function limitOf(name: string): number | undefined {
  if (name === 'index.txt') return INDEX_LIMIT;
  if (name === 'crlnumber') return 4096;
  if (LIST_NAMES.test(name)) return LIST_LIMIT;
  return ENDINGS.test(name) ? PEM_FILE_LIMIT : undefined;
}

function emptyMaterial(root: string): ImportMaterial {
  return {
    root,
    certificates: new Map(),
    secretKeys: [],
    lists: [],
    indexes: new Map(),
    crlNumbers: new Map(),
    passedOver: { links: [], tooLarge: [], unreadable: [] },
  };
}

function add(material: ImportMaterial, path: string, bytes: Buffer): void {
  const { certificates, secretKeys, lists } = readForeignMaterial(bytes);
  for (const der of certificates) {
    const hash = createHash('sha256').update(der).digest('hex');
    // The file that was named is read last and counts.
    if (!material.certificates.has(hash) || path === material.named) material.certificates.set(hash, { der, path });
  }
  for (const secret of secretKeys) material.secretKeys.push({ secret, path });
  material.lists.push(...lists);
}

async function addPkcs12(material: ImportMaterial, bytes: Buffer, secretPassphrase: string | undefined) {
  const { privateKey, certificate, chain, trusted, others } = await readPkcs12(bytes, secretPassphrase);
  const path = material.named ?? '';
  for (const one of [...(certificate ? [certificate] : []), ...chain, ...trusted, ...others]) {
    material.certificates.set(one.fingerprint256, { der: one.der, path });
  }
  if (privateKey) material.secretKeys.push({ secret: secretPrivateKeyDer(privateKey), path });
}

/** A PFX (RFC 7292 §4) begins with the version 3; what else is read here begins with a SEQUENCE in its SEQUENCE. */
function isPkcs12(bytes: Buffer): boolean {
  return !looksLikePem(bytes) && bytes[0] === 0x30 && bytes.subarray(0, 12).includes(Buffer.from([2, 1, 3]));
}

function holdsNothing(path: string, bytes: Buffer) {
  const labels = [
    ...new Set([...bytes.toString('latin1').matchAll(/-----BEGIN ([A-Z0-9 ]{1,64})-----/g)].map(([, label]) => label)),
  ];
  const hint = 'Name a file with the CA certificate or its private key (PEM, DER or PKCS#12), or the folder of the CA';
  if (labels.length > 0) {
    return codedError(
      'PEM_WRONG_LABEL',
      `${path} holds neither a certificate nor a private key, but ${labels.slice(0, 5).join(', ')}`,
      { path, labels: labels.slice(0, 20) },
      hint,
    );
  }
  const size = bytes.length === 0 ? 'it is empty' : `none of its ${bytes.length} bytes look like one`;
  return codedError('PEM_NO_BLOCK', `${path} holds neither a certificate nor a private key: ${size}`, { path }, hint);
}
