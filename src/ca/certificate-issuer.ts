import type { KeyObject } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { codedError, isCodedError } from '../model/errors';
import { isLeafProfile } from '../model/profile-name';
import type { Certificate } from '../pki/certificate';
import { buildCertificate } from '../pki/certificate-builder';
import { deviceWarnings } from '../pki/device-compatibility';
import { StoredKeyForm } from '../pki/key-encryption';
import { newKeyPair, type KeyPair } from '../pki/key-pair';
import { readPrivateKey, secretPrivateKeyDer } from '../pki/private-key';
import type { NewCertificate } from '../store/ca-database';
import { toInventoryRecord } from '../store/certificate-record';
import { inParallel } from '../store/parallel';
import { chainOf } from './authority-generations';
import { reserveSerialNumber, wholeSeconds, type AuthorityCore } from './authority-core';
import { eventOf } from './authority-event';
import type { IssuePlan } from './issue-plan';
import type { IssuedCertificate, IssueOptions } from './issue-request';

/** Certificates that share the syncs of one commit. */
export const GROUP_SIZE = 128;
/** Slow keys (RSA) fill a group in seconds; what is there by then is committed, so that a crash costs little. */
const GROUP_MS = 1_000;
/** Certificates between two turns of the event loop that are left to others; some milliseconds of work. */
const SLICE_SIZE = 16;
/** Keys and signatures are made in the thread pool, which must keep a thread free for others. */
const SIGN_CONCURRENCY = 3;

interface Signed extends NewCertificate {
  /** Place in the batch. */
  index: number;
  /** What its key is encrypted with. */
  secretPassphrase: string | undefined;
  issued: IssuedCertificate;
}

/**
 * Make, sign and store certificates in groups: while one group goes to the disk the next is signed. Resolves when all
 * are durable.
 *
 * @throws whatever failed, with `cause.issued`: the serial numbers that are durable nevertheless
 */
export async function issueCertificates(
  core: AuthorityCore,
  plans: readonly IssuePlan[],
  options: IssueOptions = {},
): Promise<IssuedCertificate[]> {
  const durable: Signed[] = [];
  let committing: Promise<void> = Promise.resolve();
  const commit = async (group: Signed[]) => {
    await committing;
    committing = core.commits
      .run(() => commitGroup(core, group.sort(byPlace)))
      .then(() => {
        durable.push(...group);
        options.onProgress?.(durable.length, plans.length);
      });
    // Awaited before the next group and at the end; until then a failure must not count as unhandled.
    committing.catch(() => undefined);
  };
  let group: Signed[] = [];
  let groupStart = core.clock.now();
  let handedOver: Promise<void> | undefined;
  let keyForm = new StoredKeyForm(core.secretPassphrase);
  try {
    await inParallel(plans, SIGN_CONCURRENCY, async (plan, index) => {
      // While a full group waits for the one that is being written, nothing more is signed.
      await handedOver;
      if (keyForm.secretPassphrase !== core.secretPassphrase) keyForm = new StoredKeyForm(core.secretPassphrase);
      const signed = { ...(await sign(core, plan, keyForm)), index };
      group.push(signed);
      if (group.length >= GROUP_SIZE || core.clock.now() - groupStart >= GROUP_MS) {
        const full = group;
        group = [];
        groupStart = core.clock.now();
        handedOver = commit(full);
        await handedOver;
      }
      if (index % SLICE_SIZE === 0) await nextTurn();
    });
    if (group.length > 0) await commit(group);
    await committing;
  } catch (error) {
    await committing.catch(() => undefined);
    throw withIssued(error, durable);
  }
  const results = new Array<IssuedCertificate>(plans.length);
  for (const { index, issued } of durable) results[index] = issued;
  return results;
}

/** Keys are not made in the order they were asked for; rows of one group stand in that of the batch. */
const byPlace = (one: Signed, other: Signed): number => one.index - other.index;

async function sign(core: AuthorityCore, plan: IssuePlan, keyForm: StoredKeyForm): Promise<Omit<Signed, 'index'>> {
  const { key, ...wanted } = plan;
  const secretPair = 'make' in key ? await newKeyPair(key.make, core) : undefined;
  const certificate = await buildCertificate({
    ...wanted,
    serialNumber: reserveSerialNumber(core),
    publicKey: 'make' in key ? (secretPair as KeyPair).secretKey : key.publicKey,
    issuer: { certificate: core.certificate, privateKey: core.secretKey },
  });
  const secretKeyPem = 'make' in key ? await storedKeyPem(plan, secretPair as KeyPair, keyForm) : key.secretPem;
  return {
    record: toInventoryRecord(certificate, plan.profile, secretKeyPem !== undefined),
    certificatePem: certificate.pem,
    ...(secretKeyPem !== undefined && { secretKeyPem }),
    secretPassphrase: keyForm.secretPassphrase,
    event: plan.renews ? 'renewed' : 'issued',
    ...(plan.renews && { renews: plan.renews }),
    issued: issuedCertificate(core, certificate, plan, secretPair?.secretKey),
  };
}

function issuedCertificate(
  core: AuthorityCore,
  certificate: Certificate,
  plan: IssuePlan,
  secretPrivateKey: KeyObject | undefined,
): IssuedCertificate {
  return {
    certificate,
    serialNumber: certificate.serialNumber,
    profile: plan.profile,
    commonName: certificate.subject.commonName ?? '',
    chain: chainOf(core, certificate),
    warnings: [...plan.warnings, ...(isLeafProfile(plan.profile) ? deviceWarnings(certificate) : [])],
    ...(secretPrivateKey && { secretPrivateKey }),
  };
}

async function storedKeyPem(
  { storeKey }: IssuePlan,
  { secretPkcs8 }: KeyPair,
  keyForm: StoredKeyForm,
): Promise<string | undefined> {
  if (storeKey) return keyForm.secretPem(secretPkcs8);
  secretPkcs8.fill(0);
  return undefined;
}

/** The passphrase may have been removed between the making of a key and its way to the disk. */
async function withCurrentPassphrase(core: AuthorityCore, group: readonly Signed[]): Promise<readonly Signed[]> {
  if (group.every(({ secretPassphrase }) => secretPassphrase === core.secretPassphrase)) return group;
  const keyForm = new StoredKeyForm(core.secretPassphrase);
  return Promise.all(
    group.map(async (signed) => {
      const { secretKeyPem, secretPassphrase } = signed;
      if (!secretKeyPem) return signed;
      const key = readPrivateKey(secretKeyPem, secretPassphrase);
      return { ...signed, secretKeyPem: await keyForm.secretPem(secretPrivateKeyDer(key)) };
    }),
  );
}

async function commitGroup(core: AuthorityCore, group: readonly Signed[]): Promise<void> {
  checkStillTrusted(core, group);
  const now = wholeSeconds(core.clock);
  await core.database.add(await withCurrentPassphrase(core, group), core.author, now);
  const ca = core.certificate.subject.commonName ?? '';
  for (const { record, event } of group) {
    core.reservedSerialNumbers.delete(record.serialNumber);
    core.announce(eventOf(event === 'renewed' ? 'renewed' : 'issued', record, ca, now));
  }
}

/** All steps of a replacement may be taken between a signature and its way to the disk, as after a leak of the key. */
function checkStillTrusted(
  { generations, certificate: { subjectText: expected } }: AuthorityCore,
  group: readonly Signed[],
) {
  const isTrusted = (one: Certificate) => generations.some(({ certificate }) => one.isSignedBy(certificate));
  const orphan = group.find(({ issued }) => !isTrusted(issued.certificate))?.issued;
  if (!orphan) return;
  const { commonName, certificate } = orphan;
  throw codedError(
    'CA_NOT_READY',
    `the certificate of ${commonName} was signed by ${certificate.issuerText}, which was retired meanwhile`,
    { commonName, found: certificate.issuerText, expected },
    'The key of the CA was replaced meanwhile; send the message again',
  );
}

/** Whoever gets the error must know what exists nevertheless. */
function withIssued(error: unknown, durable: readonly Signed[]): unknown {
  if (!isCodedError(error)) return error;
  const issued = durable.map(({ record }) => record.serialNumber);
  return codedError(error.code, error.message, { ...error.cause, issued }, error.hint);
}
