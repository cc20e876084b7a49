/**
 * Give a CA a new certificate or a new key while everybody goes on. With a new key in three steps:
 *
 * 1. `introduce`: the new key is trusted and has a CRL wherever this package says whom to trust, and issues nothing.
 * 2. `switch`: it issues. What the old key has issued counts on; its certificates are renewed one by one.
 * 3. `retire`: the old key is removed, and with it the trust in all it has issued.
 *
 * Why three: docs/decisions/0017-replacing-a-ca.md. Each step is durable in one rename (generation-store.ts).
 */
import { codedError } from '../model/errors';
import type { KeyType } from '../model/key-type';
import type { Certificate } from '../pki/certificate';
import { secretStoredKeyPem } from '../pki/key-encryption';
import { generatePrivateKey } from '../pki/key-generation';
import type { JournalEvent } from '../store/journal-row';
import { applyGenerations, supersedeOrphans, writeDerivedFiles } from './authority-generations';
import { wholeSeconds, type AuthorityCore } from './authority-core';
import { ancestorOf, generationOf, type Generation } from './generation';
import { sweepGenerationKeys, writeGenerations } from './generation-store';
import type { RevocationListKeeper } from './revocation-list-keeper';
import { certifyAuthority, crossCertify, nextName } from './rollover-certificate';
import { namesOf, rolloverState, waitingRecords, type RolloverState } from './rollover-state';

export const ROLLOVER_STEPS = ['renew', 'introduce', 'switch', 'retire', 'cancel'] as const;
export type RolloverStep = (typeof ROLLOVER_STEPS)[number];

export interface RolloverOptions {
  /** For `introduce`; default: the type of the key that is replaced. */
  keyType?: KeyType;
  /** For `retire`: do it although certificates of the old key are in use. */
  force?: boolean;
  /** Serial numbers of certificates that somebody is known to show right now. */
  inUse?: ReadonlySet<string>;
}

const JOURNAL_EVENTS = {
  renew: 'ca-renewed',
  introduce: 'ca-introduced',
  switch: 'ca-switched',
  retire: 'ca-retired',
  cancel: 'ca-cancelled',
} as const satisfies Record<RolloverStep, JournalEvent>;

/**
 * Take a step. Only one at a time, and never while something is being written.
 *
 * @throws CA_ROLLOVER (the step does not follow), CA_IN_USE (retire), INPUT_CONFIG (no CA above), CA_EXPIRED, STORE_…
 */
export async function takeStep(
  core: AuthorityCore,
  revocationList: RevocationListKeeper,
  step: RolloverStep,
  options: RolloverOptions = {},
): Promise<RolloverState> {
  // Made outside the queue: an RSA key takes seconds, and nobody is to wait for it.
  checkStep(core, step);
  const made = await STEPS[step].prepare(core, options);
  await core.commits.run(async () => {
    checkStep(core, step);
    if (step === 'retire') checkUnused(core, options);
    const before = core.generations;
    await commit(core, STEPS[step].change(before, made), made);
    core.announceChange();
    await core.database
      .log([
        {
          at: wholeSeconds(core.clock),
          event: JOURNAL_EVENTS[step],
          ...core.author,
          serialNumber: core.certificate.serialNumber,
        },
      ])
      .catch(() => undefined);
    // generations.json counts; these follow from it and are looked at again at every opening.
    await writeDerivedFiles(core);
    await supersedeOrphans(core);
    await sweepGenerationKeys(core.database.folder, core.generations);
  });
  // A broker refuses the clients of a CA whose list it has not got (FACTS §4): there before anything is issued.
  await revocationList.current();
  return rolloverState(core, options.inUse);
}

interface Step {
  /** The step the CA must be at. */
  from: 'stable' | 'introduced' | 'switched';
  prepare(core: AuthorityCore, options: RolloverOptions): Promise<Generation | undefined>;
  change(generations: readonly Generation[], made: Generation | undefined): Generation[];
}

const nothing = async (): Promise<undefined> => undefined;
const only = (role: 'current' | 'next') => (generations: readonly Generation[]) => {
  return generations.filter((generation) => generation.role === role);
};

const STEPS: Record<RolloverStep, Step> = {
  renew: {
    from: 'stable',
    async prepare(core) {
      const { certificate: like, secretKey } = core;
      return {
        role: 'current',
        certificate: await certifyAuthority(core, secretKey, { subject: like.subject, like }),
        secretKey,
      };
    },
    change: (_, made) => (made ? [made] : []),
  },
  introduce: {
    from: 'stable',
    async prepare(core, { keyType }) {
      const secretKey = await generatePrivateKey(keyType ?? keyTypeOf(core));
      const certificate = await certifyAuthority(core, secretKey, { subject: nextName(core.certificate.subject) });
      const cross = await crossCertify(core, certificate);
      return { role: 'next', certificate, secretKey, ...(cross && { cross }) };
    },
    change: (generations, made) => [...generations, ...(made ? [made] : [])],
  },
  switch: {
    from: 'introduced',
    prepare: nothing,
    change: (generations) => [
      ...only('next')(generations).map((generation) => ({ ...generation, role: 'current' as const })),
      ...only('current')(generations).map((generation) => ({ ...generation, role: 'former' as const })),
    ],
  },
  retire: { from: 'switched', prepare: nothing, change: only('current') },
  cancel: { from: 'introduced', prepare: nothing, change: only('current') },
};

function keyTypeOf({ certificate, settings }: AuthorityCore): KeyType {
  const known: readonly string[] = ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'] satisfies KeyType[];
  return known.includes(certificate.keyDescription) ? (certificate.keyDescription as KeyType) : settings.keyType;
}

/** After this the new set holds, on disk and in memory; when it throws, the old one does. */
async function commit(core: AuthorityCore, generations: Generation[], made: Generation | undefined): Promise<void> {
  await core.database.assertOwned();
  const { folder } = core.database;
  const current = generationOf(generations, 'current');
  const isNew = !core.ancestors.some(({ fingerprint256 }) => fingerprint256 === current.certificate.fingerprint256);
  const ancestors = [...core.ancestors, ...(isNew ? [ancestorOf(current.certificate)] : [])];
  const secretPem = new Map<Certificate, string>();
  // Before the first step the only key lies in ca.key.pem alone.
  for (const generation of new Set([...core.generations, ...(made ? [made] : [])])) {
    secretPem.set(generation.certificate, await secretStoredKeyPem(generation.secretKey, core.secretPassphrase));
  }
  await writeGenerations(folder, { generations, ancestors }, secretPem);
  // Guards the folder against another CA; a crash before it is mended when the folder is opened.
  await core.remember?.(current.certificate.fingerprint256).catch(() => undefined);
  applyGenerations(core, generations, ancestors);
}

function checkStep(core: AuthorityCore, step: RolloverStep): void {
  const { step: found } = rolloverState(core);
  const { from } = STEPS[step];
  if (found === from) return;
  throw codedError(
    'CA_ROLLOVER',
    `the step ${step} needs a CA that is ${from}, this one is ${found}`,
    { step, found, expected: from },
    NEXT_STEPS[found],
  );
}

const NEXT_STEPS = {
  stable: 'Introduce a new key first, or renew the certificate with the same key',
  introduced: 'Switch to the new key, or cancel',
  switched: 'Retire the old key when nobody uses its certificates any more',
};

function checkUnused(core: AuthorityCore, { force, inUse = new Set() }: RolloverOptions): void {
  if (force) return;
  const waiting = waitingRecords(core, inUse);
  if (waiting.length === 0) return;
  const names = namesOf(waiting);
  throw codedError(
    'CA_IN_USE',
    `${waiting.length} certificates of the old key are still in use: ${names.slice(0, 5).join(', ')}`,
    {
      count: waiting.length,
      names: names.slice(0, 100),
      serialNumbers: waiting.slice(0, 100).map((one) => one.serialNumber),
    },
    'Renew them and give them to their devices first; or type the name of the CA to retire the key all the same',
  );
}
