import type { Certificate } from '../pki/certificate';
import { secretStoredKeyPem } from '../pki/key-encryption';
import type { CaFileName } from '../store/ca-folder';
import { wholeSeconds, type AuthorityCore } from './authority-core';
import { eventOf } from './authority-event';
import { openingFiles } from './authority-files';
import { readState, writeState } from './authority-state';
import { crossChain, generationOf, rootsOf, type Ancestor, type Generation } from './generation';
import { sweepGenerationKeys } from './generation-store';
import { oldRecords } from './rollover-state';

/** Let a set of keys be that of the running CA, all at once: nobody sees the one's certificate with the other's key. */
export function applyGenerations(core: AuthorityCore, generations: Generation[], ancestors: Ancestor[]): void {
  const { certificate, secretKey } = generationOf(generations, 'current');
  Object.assign(core, { generations, ancestors, certificate, secretKey });
  refreshTrust(core);
}

/** Chain and trust anchors anew, after the keys of this CA or of the one above have changed. */
export function refreshTrust(core: AuthorityCore): void {
  const { certificate, issuer, generations } = core;
  const isRoot = certificate.isSelfIssued;
  core.chain = chainFor(core, generationOf(generations, 'current'));
  if (isRoot) core.trustAnchors = rootsOf(generations);
  else if (issuer) core.trustAnchors = issuer.trustAnchors;
}

/** What a server appends to a certificate that was signed by one of our keys. */
export function chainOf(core: AuthorityCore, certificate: Certificate): Certificate[] {
  const signer = core.generations.find((generation) => certificate.isSignedBy(generation.certificate));
  return signer && signer.role !== 'current' ? chainFor(core, signer) : core.chain;
}

function chainFor(core: AuthorityCore, generation: Generation): Certificate[] {
  const { certificate } = generation;
  if (certificate.isSelfIssued) return crossChain(core.generations, generation);
  // Without the CA above in this process, what the folder says of those above stands.
  return [certificate, ...(core.issuer ? core.issuer.chainFor(certificate) : core.chain.slice(1))];
}

/** The files that people and other programs read, as they follow from the keys. Those that are right stay untouched. */
export async function writeDerivedFiles(core: AuthorityCore): Promise<void> {
  const { database, certificate, chain, trustAnchors, settings } = core;
  const { folder } = database;
  const pemOf = (certificates: readonly Certificate[]) => certificates.map(({ pem }) => pem).join('');
  const wanted: (readonly [CaFileName, string])[] = [
    ['trust.pem', pemOf(trustAnchors)],
    ['chain.pem', pemOf(chain)],
    ['ca.pem', certificate.pem],
    ...openingFiles(folder, certificate, settings),
  ];
  const stale: typeof wanted = [];
  for (const file of wanted) {
    if ((await folder.readIfThere(file[0]))?.toString('utf8') !== file[1]) stale.push(file);
  }
  const isOther = stale.some(([name]) => name === 'ca.pem');
  // The key first: with `ca.pem` in place this is not looked at again.
  if (isOther)
    await folder.write('private/ca.key.pem', await secretStoredKeyPem(core.secretKey, core.secretPassphrase));
  if (stale.length > 0) await folder.writeAll(stale);
  const state = await readState(folder);
  const { fingerprint256 } = certificate;
  if (state && state.fingerprint256 !== fingerprint256) await writeState(folder, { ...state, fingerprint256 });
}

/**
 * What a retired key has signed is trusted by nobody any more: the inventory says so, instead of warning of its end.
 * In no list: who would read it trusts that key no more.
 */
export async function supersedeOrphans(core: AuthorityCore): Promise<void> {
  if (core.ancestors.length === 1 || core.generations.length > 1) return;
  const records = oldRecords(core);
  if (records.length === 0) return;
  const at = wholeSeconds(core.clock);
  const revocation = { at, reason: 'superseded' } as const;
  await core.database.setRevocations(new Map(records.map(({ serialNumber }) => [serialNumber, revocation])));
  const ca = core.certificate.subject.commonName ?? '';
  for (const record of records) core.announce(eventOf('revoked', record, ca, at));
}

/** After an opening: what a crash has left between the keys and the files that follow from them. */
export async function mendGenerations(core: AuthorityCore): Promise<void> {
  const { folder } = core.database;
  // Also of one key alone: a second one that was cancelled may stand in `trust.pem` yet.
  if (await folder.readIfThere('generations.json')) await writeDerivedFiles(core);
  await supersedeOrphans(core);
  await sweepGenerationKeys(folder, core.generations);
}
