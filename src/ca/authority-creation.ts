import { createPublicKey, type KeyObject } from 'node:crypto';
import { DAY_MS } from '../model/duration';
import type { Clock } from '../model/clock';
import type { Certificate } from '../pki/certificate';
import { buildCertificate } from '../pki/certificate-builder';
import { generatePrivateKey } from '../pki/key-generation';
import { secretPrivateKeyPem } from '../pki/private-key';
import { createRevocationList } from '../pki/revocation-list';
import { newSerialNumber } from '../pki/serial-number-source';
import type { CaFolder } from '../store/ca-folder';
import { takeFolder } from '../store/closed-folder';
import { formatJournalRow } from '../store/journal-row';
import { wholeSeconds } from './authority-core';
import { openingFiles } from './authority-files';
import type { AuthorityOptions } from './authority-options';
import { writeState, type AuthorityState } from './authority-state';
import type { ImportPlan } from './import-plan';
import { CRL_BACKDATED_MS, formatCrlNumber } from './revocation-list-keeper';

/** Clocks of devices are often behind; see issue-plan.ts. */
const BACKDATED_MS = DAY_MS;

/**
 * Create a CA in an empty folder. `ca.json` says `creating` from the first file on, so that a crash, or a copy that turns out
 * to be damaged, leaves something that is known to be unfinished: nobody was told of it, and the next attempt begins anew.
 *
 * @param plan of a CA that is imported instead of made
 * @returns what `ca.json` is to say once the CA could be opened
 * @throws INPUT_PASSPHRASE, CA_EXPIRED and others of the issuer, STORE_LINK (a folder in the folder), STORE_…
 */
export async function createAuthority(
  folder: CaFolder,
  options: AuthorityOptions & { clock: Clock },
  plan?: ImportPlan,
): Promise<AuthorityState> {
  const { settings, passphrase, clock } = options;
  const createdAt = new Date(clock.now()).toISOString();
  const { source } = settings;
  const draft = { createdAt, source, fingerprint256: '', keysEncrypted: Boolean(passphrase) } as const;
  await takeFolder(folder);
  await writeState(folder, { ...draft, state: 'creating' });
  await folder.ensure();
  await folder.clear();
  if (plan) {
    await plan.write(folder);
    const { findings, certificate } = plan;
    const { importPath: importedFrom } = options;
    const { fingerprint256 } = certificate;
    return { ...draft, findings, ...(importedFrom && { importedFrom }), fingerprint256, state: 'ready' };
  }

  const secretKey = await generatePrivateKey(settings.keyType);
  await folder.write('private/ca.key.pem', secretPrivateKeyPem(secretKey, passphrase));
  const certificate = await certify(secretKey, options);
  await writeFiles(folder, certificate, secretKey, options);
  return { ...draft, state: 'ready', fingerprint256: certificate.fingerprint256 };
}

/** A root signs itself; an intermediate is signed, and entered in the index, by the CA above. */
async function certify(secretKey: KeyObject, options: AuthorityOptions & { clock: Clock }): Promise<Certificate> {
  const { settings, issuer, clock, random } = options;
  const { subject, validityDays, nameConstraints, pathLength } = settings;
  const limits = { ...(nameConstraints && { nameConstraints }), ...(pathLength !== undefined && { pathLength }) };
  if (issuer) {
    const publicKey = createPublicKey(secretKey);
    const request = { subject, publicKey, validityDays, ...limits };
    return (await issuer.issueIntermediate(request)).certificate;
  }
  const now = wholeSeconds(clock);
  return buildCertificate({
    profile: 'root',
    serialNumber: newSerialNumber(random),
    subject,
    subjectAltNames: [],
    publicKey: createPublicKey(secretKey),
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + validityDays * DAY_MS),
    issuer: { selfSignedWith: secretKey },
    ...limits,
  });
}

async function writeFiles(
  folder: CaFolder,
  certificate: Certificate,
  secretKey: KeyObject,
  { settings, issuer, clock, random, nodeId, actor }: AuthorityOptions & { clock: Clock },
): Promise<void> {
  const at = wholeSeconds(clock);
  const list = await createRevocationList({
    issuer: { certificate, privateKey: secretKey },
    number: 1n,
    thisUpdate: new Date(at - CRL_BACKDATED_MS),
    nextUpdate: new Date(at + settings.crlDays * DAY_MS),
    revoked: [],
  });
  const author = { node: nodeId, ...(actor && { actor }) };
  const created = { at, event: 'created', ...author, serialNumber: certificate.serialNumber } as const;
  await folder.writeAll([
    ['ca.pem', certificate.pem],
    ['chain.pem', issuer ? certificate.pem + issuer.chainPem : ''],
    ['trust.pem', issuer ? issuer.trustAnchorsPem : certificate.pem],
    ['index.txt', ''],
    // openssl ca would count up from here; with rand_serial in openssl.cnf it does not.
    ['serial', `${newSerialNumber(random)}\n`],
    ['crlnumber', formatCrlNumber(2n)],
    ['crl.der', list.der],
    ['crl.pem', list.pem],
    ['journal.jsonl', formatJournalRow(created)],
    ...openingFiles(folder, certificate, settings),
  ]);
}
