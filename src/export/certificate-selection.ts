import type { KeyObject } from 'node:crypto';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { IssuedCertificate } from '../ca/issue-request';
import { codedError, isCodedError, type Warning } from '../model/errors';
import { readSelector, type Selector } from '../model/selector';
import { shownValue } from '../model/shown-value';
import { keyBelongsTo, readPrivateKey } from '../pki/private-key';

/** What the selection uses of a CA. */
export type SelectingAuthority = Pick<CertificateAuthority, 'find' | 'load'>;

/** Certificates that a message asks for. */
export interface Selection {
  certificates: IssuedCertificate[];
  warnings: Warning[];
}

/** One item of a message, read but not looked up. */
interface Item {
  selector: Selector;
  /** The output of a tls-issue node that sends keys in its messages. */
  secretKeyPem?: string;
}

/** A PKCS#8 PEM of RSA-4096 has 3,300 characters. */
const LONGEST_KEY = 20_000;

/**
 * Find the certificates of a message in the CA.
 *
 * An item is a selector (`serial:…`, `name:…`, a bare common name) or an object, of which only
 * `serialNumber`, else `commonName`, and `privateKeyPem` are read. A key in the message is used when the CA
 * holds none. A certificate named twice is exported once.
 *
 * All items are looked up before the first one is loaded; an error names the item in `cause.index`.
 *
 * @throws INPUT_SELECTOR, CERT_NOT_FOUND, KEY_MISMATCH when a key of the message is of another certificate,
 *   KEY_MALFORMED, KEY_ENCRYPTED
 */
export async function selectCertificates(authority: SelectingAuthority, items: readonly unknown[]): Promise<Selection> {
  const wanted = new Map<string, { index: number; secretKeyPem?: string }>();
  for (const [index, item] of items.entries()) {
    await atItem(index, item, async () => {
      const { selector, secretKeyPem } = readItem(item);
      const { serialNumber } = authority.find(selector);
      const earlier = wanted.get(serialNumber);
      wanted.set(serialNumber, { index: earlier?.index ?? index, secretKeyPem: earlier?.secretKeyPem ?? secretKeyPem });
    });
  }
  const certificates: IssuedCertificate[] = [];
  for (const [serialNumber, { index, secretKeyPem }] of wanted) {
    await atItem(index, items[index], async () => {
      certificates.push(withKey(await authority.load(serialNumber), secretKeyPem));
    });
  }
  return { certificates, warnings: certificates.flatMap(statusWarnings) };
}

function readItem(item: unknown): Item {
  const selector = readSelector(item);
  if (typeof item !== 'object' || item === null) return { selector };
  const { privateKeyPem } = item as { privateKeyPem?: unknown };
  if (privateKeyPem === undefined || privateKeyPem === null || privateKeyPem === '') return { selector };
  if (typeof privateKeyPem === 'string' && privateKeyPem.length <= LONGEST_KEY) {
    return { selector, secretKeyPem: privateKeyPem };
  }
  throw codedError(
    'KEY_MALFORMED',
    `privateKeyPem is no PEM text of at most ${LONGEST_KEY} characters`,
    { field: 'privateKeyPem' },
    'Pass the output of tls-issue on unchanged',
  );
}

function withKey(issued: IssuedCertificate, secretKeyPem: string | undefined): IssuedCertificate {
  if (issued.secretPrivateKey || secretKeyPem === undefined) return issued;
  const key: KeyObject = readPrivateKey(secretKeyPem);
  if (keyBelongsTo(key, issued.certificate)) return { ...issued, secretPrivateKey: key };
  throw codedError(
    'KEY_MISMATCH',
    `the private key in the message does not belong to the certificate ${issued.serialNumber} (${issued.commonName})`,
    { serialNumber: issued.serialNumber, commonName: issued.commonName },
    'Pass the output of tls-issue on unchanged',
  );
}

/** Exporting what nobody accepts any more is allowed, but said. Limits of devices were said when it was issued. */
function statusWarnings({ commonName, warnings }: IssuedCertificate): Warning[] {
  return warnings
    .filter(({ code }) => code === 'CERT_REVOKED' || code === 'CERT_EXPIRED')
    .map((one) => ({ ...one, message: `${commonName}: ${one.message}` }));
}

/** Add the place in the message and what stood there to the facts of an error; a key is never repeated. */
async function atItem(index: number, item: unknown, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const facts = { index, field: 'payload', value: shownValue(item), ...error.cause };
    throw codedError(error.code, error.message, facts, error.hint);
  }
}
