import type { KeyObject } from 'node:crypto';
import { codedError, isCodedError, warning, type Warning } from '../model/errors';
import { shownValue } from '../model/shown-value';
import type { CertificateBag, KeyBag } from '../encoding/pkcs12-bag';
import { openPkcs12, type Pkcs12Content, type Pkcs12Limits } from '../encoding/pkcs12-reader';
import { Certificate } from './certificate';
import { buildChain } from './chain';
import { keyBelongsTo, readPrivateKey } from './private-key';

/** The keys and certificates of a PKCS#12 file, sorted by what they are for. */
export interface Pkcs12 {
  /** The first private key. */
  privateKey?: KeyObject;
  /** The certificate of the private key. */
  certificate?: Certificate;
  /** Its issuers in order, as far as the file holds them; the root may be the last. */
  chain: Certificate[];
  /** Those with Java's mark of a trusted certificate: the entries of a Java trust store. */
  trusted: Certificate[];
  /** All other certificates; in a file without key that was not made by Java, all there are. */
  others: Certificate[];
  /** The alias of the private key. */
  friendlyName?: string;
  warnings: Warning[];
}

/**
 * Read a PKCS#12 file (`.p12`, `.pfx`, a Java key store or trust store) of any age.
 *
 * @param secretPassphrase undefined and empty are the same
 * @throws P12_MALFORMED, P12_PASSPHRASE_WRONG, P12_UNSUPPORTED, DER_TOO_LARGE, DER_TOO_DEEP; KEY_MISMATCH when no certificate
 *   belongs to the key; KEY_MALFORMED, KEY_UNSUPPORTED, CERT_MALFORMED for what is in it
 */
export async function readPkcs12(bytes: Uint8Array, secretPassphrase?: string, limits?: Pkcs12Limits): Promise<Pkcs12> {
  const content = await openPkcs12(bytes, secretPassphrase, limits);
  const keys = content.bags.filter((bag): bag is KeyBag => bag.kind === 'key');
  const entries = content.bags.filter((bag): bag is CertificateBag => bag.kind === 'certificate');
  const { certificates, unreadable } = readCertificates(entries);
  const warnings = [...weaknessWarnings(content), ...unreadable.map((error) => error.toWarning())];
  const trusted = distinct(certificates.filter(({ bag }) => bag.trusted).map(({ certificate }) => certificate));
  const all = distinct(certificates.map(({ certificate }) => certificate));

  const [key] = keys;
  if (!key) {
    return { chain: [], trusted, others: all.filter((one) => !trusted.includes(one)), warnings };
  }
  const privateKey = readBagKey(key.secretPkcs8);
  const certificate = all.find((one) => belongs(privateKey, one));
  if (!certificate && unreadable[0]) throw unreadable[0]; // it may be the one that belongs to the key
  if (!certificate && all[0]) throw mismatch(key, all[0]);
  const chain = certificate ? buildChain(certificate, all, []).chain.slice(1) : [];
  const used = [certificate, ...chain, ...trusted];
  const name = key.friendlyName ?? certificates.find((one) => one.certificate === certificate)?.bag.friendlyName;
  return {
    privateKey,
    ...(certificate && { certificate }),
    chain,
    trusted,
    others: all.filter((one) => !used.includes(one)),
    ...(name !== undefined && { friendlyName: name }),
    warnings: [...warnings, ...severalKeys(keys)],
  };
}

/** One damaged certificate among many is a warning: the others serve. */
function readCertificates(bags: readonly CertificateBag[]) {
  const certificates: { bag: CertificateBag; certificate: Certificate }[] = [];
  const unreadable = [];
  for (const bag of bags) {
    try {
      certificates.push({ bag, certificate: Certificate.fromDer(bag.der) });
    } catch (error) {
      if (!isCodedError(error)) throw error;
      unreadable.push(error);
    }
  }
  return { certificates, unreadable };
}

function distinct(certificates: readonly Certificate[]): Certificate[] {
  return [...new Map(certificates.map((one) => [one.fingerprint256, one] as const)).values()];
}

/** False also for a certificate with a kind of key that the crypto library does not know. */
function belongs(key: KeyObject, certificate: Certificate): boolean {
  try {
    return keyBelongsTo(key, certificate);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return false;
  }
}

function weaknessWarnings({ weaknesses }: Pkcs12Content): Warning[] {
  if (weaknesses.length === 0) return [];
  return [
    warning(
      'P12_WEAK',
      `the PKCS#12 file is weakly protected: ${weaknesses.join(', ')}`,
      { found: weaknesses },
      'Keep the file where nobody else can read it, and delete it when it is no longer needed',
    ),
  ];
}

/** A bag has no other form than DER; what is none would else be looked through for PEM. */
function readBagKey(secretPkcs8: Buffer): KeyObject {
  if (secretPkcs8[0] === 0x30) return readPrivateKey(secretPkcs8);
  throw codedError('KEY_MALFORMED', 'the private key in the PKCS#12 file cannot be read: it is no PKCS#8');
}

function severalKeys(keys: readonly KeyBag[]): Warning[] {
  if (keys.length < 2) return [];
  const names = keys.slice(0, 20).map(({ friendlyName }) => friendlyName ?? '');
  return [
    warning(
      'INPUT_AMBIGUOUS',
      `the PKCS#12 file holds ${keys.length} private keys, the first (${shownValue(names[0])}) is used`,
      { count: keys.length, friendlyNames: names },
      'Export the one that is meant into a file of its own',
    ),
  ];
}

function mismatch({ friendlyName }: KeyBag, first: Certificate) {
  return codedError(
    'KEY_MISMATCH',
    `the private key in the PKCS#12 file belongs to none of its certificates (the first is "${first.subjectText}")`,
    { friendlyName, subject: first.subjectText, fingerprint256: first.fingerprint256 },
    'Export key and certificate together again; a renewed certificate has a new key',
  );
}
