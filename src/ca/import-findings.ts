import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { warning, type Warning } from '../model/errors';
import { shownValue } from '../model/shown-value';
import type { Certificate } from '../pki/certificate';
import { buildCertificate } from '../pki/certificate-builder';
import { strictFindings } from '../pki/verification';
import { newSerialNumber } from '../pki/serial-number-source';
import type { ImportChoice } from './import-choice';
import type { ImportMaterial } from './import-material';
import type { ImportedRecords } from './import-records';
import { readOrNothing } from './import-choice';
import { OWN_INDEX } from './lasting-findings';

/** A person reads so many; the dialog shows them one below the other. */
const MOST_FINDINGS = 40;
const MOST_JUDGED = 2_000;
const HOUR_MS = 3_600_000;

/**
 * What is to be said about an imported CA: what strict verifiers refuse of it and of what it has issued, numbers used twice,
 * and what could not be taken over.
 *
 * @param chain of the CA: those above it, the root last
 */
export async function importFindings(
  material: ImportMaterial,
  choice: ImportChoice,
  records: ImportedRecords,
  chain: readonly Certificate[],
  now: number,
): Promise<Warning[]> {
  const { certificate } = choice;
  // Of one that has ended all is judged as it was while it lived: else everything would only be expired.
  const at = Math.max(certificate.notBefore.getTime(), Math.min(now, certificate.notAfter.getTime() - 1000));
  return [
    ...expired(certificate, now),
    ...missingRoot(certificate, chain),
    ...(await authorityFindings(choice, chain, at)),
    ...duplicates(certificate, records),
    ...unlistable(records),
    ...issuedFindings(records, choice, chain, now),
    ...closedKeys(choice),
    ...passedOver(material),
  ].slice(0, MOST_FINDINGS);
}

/**
 * Verifiers judge a CA below a certificate of it. So one is made for trial, with a key that is thrown away, and shown
 * to nobody: it also proves that issuing goes on with this CA.
 */
async function authorityFindings(
  { certificate, secretKey }: ImportChoice,
  chain: readonly Certificate[],
  now: number,
): Promise<Warning[]> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const trial = await buildCertificate({
    profile: 'client',
    serialNumber: newSerialNumber(),
    subject: { commonName: 'trial' },
    subjectAltNames: [],
    publicKey: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    notBefore: new Date(Math.max(certificate.notBefore.getTime(), now - HOUR_MS)),
    notAfter: certificate.notAfter,
    issuer: { certificate, privateKey: secretKey },
  });
  const found = strictFindings([trial, certificate, ...chain], { purpose: 'client', now });
  return found.filter(({ cause }) => cause.index !== 0);
}

/** It issues nothing before it is renewed. */
function expired({ subjectText: subject, notAfter }: Certificate, now: number): Warning[] {
  if (now < notAfter.getTime()) return [];
  return [
    warning(
      'CA_EXPIRED',
      `the CA certificate ${subject} expired at ${notAfter.toISOString()}, it is ${new Date(now).toISOString()} now`,
      { subject, notAfter: notAfter.toISOString(), index: OWN_INDEX },
      'Renew it with the same key in its dialog, then give everybody the new certificate; or correct the clock of this machine',
    ),
  ];
}

function missingRoot(certificate: Certificate, chain: readonly Certificate[]): Warning[] {
  const top = chain.at(-1) ?? certificate;
  if (top.isSelfIssued) return [];
  return [
    warning(
      'CERT_ANCHOR_INCOMPLETE',
      `the CA was issued by ${top.issuerText}, whose certificate was not found`,
      { subject: certificate.subjectText, missing: top.issuerText },
      'Put the certificate of the root into the same folder and import again; until then only those who trust this CA itself accept it',
    ),
  ];
}

/** By serial number, the names that share it. */
function duplicates(authority: Certificate, { records, twins }: ImportedRecords): Warning[] {
  const shared = new Map<string, string[]>();
  for (const { serialNumber, subject } of twins) {
    const names = shared.get(serialNumber) ?? [];
    shared.set(serialNumber, [...names, subject.commonName ?? '']);
  }
  const first = new Map(records.map(({ record }) => [record.serialNumber, record.commonName]));
  const found = [...shared].map(([serialNumber, names]) => {
    const all = [first.get(serialNumber) ?? '', ...names];
    return warning(
      'CERT_SERIAL_DUPLICATE',
      `${all.length} certificates have the serial number ${serialNumber}: ${all.slice(0, 10).map(shownValue).join(', ')}`,
      { serialNumber, commonNames: all.slice(0, 100) },
      'Revoking one of them cuts off all; issue new certificates for them, each gets a number of its own',
    );
  });
  const own = authority.isSelfIssued ? first.get(authority.serialNumber) : undefined;
  if (own === undefined) return found;
  const { serialNumber } = authority;
  return [
    ...found,
    warning(
      'CERT_SERIAL_DUPLICATE',
      `the certificate ${shownValue(own)} has the serial number of the CA itself, ${serialNumber}`,
      { serialNumber, commonNames: [own] },
      'Do not revoke it: some verifiers would then refuse the CA; issue it a new certificate instead',
    ),
  ];
}

function unlistable({ unlistable: found }: ImportedRecords): Warning[] {
  if (found.length === 0) return [];
  const names = found.slice(0, 10).map(({ subjectText }) => subjectText);
  return [
    warning(
      'CERT_MALFORMED',
      `${found.length} certificates have serial numbers that no revocation list can name: ${names.join(', ')}`,
      { count: found.length, subjects: names },
      'They cannot be revoked; issue new ones for them',
    ),
  ];
}

/** The same fault of many certificates is said once. */
function issuedFindings(
  { records, twins }: ImportedRecords,
  { certificate }: ImportChoice,
  chain: readonly Certificate[],
  now: number,
): Warning[] {
  const faults = new Map<string, { text: string; names: string[]; count: number; example: Warning }>();
  const issued = [
    ...records
      .flatMap(({ der }) => (der ? [der] : []))
      .slice(0, MOST_JUDGED)
      .map(readOrNothing),
    ...twins,
  ];
  for (const one of issued) {
    if (!one || one.isCa || one.notAfter.getTime() <= now) continue;
    const purpose = one.extendedKeyUsage?.includes('serverAuth') ? 'server' : 'client';
    for (const fault of [
      ...strictFindings([one, certificate, ...chain], { purpose, now }),
      ...plainFaults(one, certificate),
    ]) {
      if (fault.cause.index !== 0) continue;
      const text = fault.message.replace(/^".*?" /, '');
      const known = faults.get(text) ?? { text, names: [], count: 0, example: fault };
      known.count += 1;
      if (known.names.length < 5) known.names.push(one.subject.commonName ?? one.subjectText);
      faults.set(text, known);
    }
  }
  return [...faults.values()].map(({ text, names, count, example }) => {
    const shown = names.map(shownValue).join(', ');
    const who = count > names.length ? `${count} issued certificates (${shown}, …)` : `issued: ${shown}`;
    return warning(
      example.code,
      `${who}: ${text}`,
      { rule: example.cause.rule, count, commonNames: names },
      example.hint,
    );
  });
}

/** An ESP8266 takes what has no purpose for its broker (SEEDS §1); the second is noticed on the day the CA ends, by all at once. */
function plainFaults(one: Certificate, authority: Certificate): Warning[] {
  const found: Warning[] = [];
  if (!one.extendedKeyUsage) {
    const hint = 'Renew it here: what is issued here is either for servers or for clients';
    const text = '"" has no extendedKeyUsage: its owner can pass as a server, too';
    found.push(warning('CERT_PURPOSE', text, { rule: 'no-purpose', index: 0 }, hint));
  }
  if (one.notAfter <= authority.notAfter) return found;
  const hint = 'Renew it here: the new one ends with its CA at the latest';
  const facts = { rule: 'outlives-issuer', index: 0 };
  return [...found, warning('CERT_CONSTRAINT', '"" is valid longer than its CA', facts, hint)];
}

function closedKeys({ closedKeys: paths }: ImportChoice): Warning[] {
  if (paths.length === 0) return [];
  return [
    warning(
      'KEY_ABSENT',
      `${paths.length} private keys could not be opened and were left out: ${paths.slice(0, 5).join(', ')}`,
      { count: paths.length, paths: paths.slice(0, 20) },
      'The CA does not need them; their owners keep them',
    ),
  ];
}

function passedOver({ passedOver: { links, tooLarge, unreadable } }: ImportMaterial): Warning[] {
  const kinds = [
    [links, 'STORE_LINK', 'links were not followed'],
    [tooLarge, 'STORE_TOO_LARGE', 'files are too large to be read'],
    [unreadable, 'PEM_MALFORMED', 'files could not be read'],
  ] as const;
  return kinds.flatMap(([paths, code, words]) => {
    if (paths.length === 0) return [];
    const facts = { paths: [...paths] };
    return [
      warning(code, `${words}: ${paths.slice(0, 5).join(', ')}`, facts, 'If they belong to the CA, copy them in'),
    ];
  });
}
