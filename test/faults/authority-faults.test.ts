import assert from 'node:assert/strict';
import type { AuthorityOptions } from '../../src/ca/authority-options';
import { acquireAuthority, type AuthorityLease } from '../../src/ca/authority-registry';
import type { CertificateAuthority } from '../../src/ca/certificate-authority';
import type { RolloverStep } from '../../src/ca/rollover';
import { isCodedError } from '../../src/model/errors';
import { readAllRevocationLists } from '../../src/pki/revocation-list';
import { createCertificateRequest, readCertificateRequest } from '../../src/pki/certificate-request';
import { generatePrivateKey } from '../../src/pki/key-generation';
import { keyBelongsTo } from '../../src/pki/private-key';
import type { Clock } from '../../src/model/clock';
import { FailingFileSystem, type Fault } from '../support/failing-file-system';
import { MemoryClock } from '../support/memory-clock';
import { MemoryDisk } from '../support/memory-disk';
import { SeededRandom } from '../support/seeded-random';
import { authorityOptions, deviceRequest, nextProcess, openWhileTimePasses } from '../support/test-authority';

const FOLDER = '/user/pki/ca';
const GUARD = '/user/.secure-mqtt/authorities.json';

/** What somebody outside was told: it must be true for ever. */
interface Told {
  fingerprint256?: string;
  issued: Set<string>;
  /** Of requests: the key is not here. */
  signed: Set<string>;
  revoked: Set<string>;
  /** Taken back from hold. */
  released: Set<string>;
  crlNumber: number;
}

interface Scenario {
  name: string;
  /** Default: all. */
  errnos?: readonly string[];
  /** The disk it begins on. */
  disk: () => Promise<{ disk: MemoryDisk; told: Told }>;
  run(authority: CertificateAuthority, told: Told, clock: MemoryClock): Promise<void>;
}

const nothingTold = (): Told => ({
  issued: new Set(),
  signed: new Set(),
  revoked: new Set(),
  released: new Set(),
  crlNumber: 0,
});

/** One for all: what a device has sent. */
const request = (async () => {
  const privateKey = await generatePrivateKey('ec-p256');
  const { pem } = await createCertificateRequest({ subject: { commonName: 'asked' }, subjectAltNames: [], privateKey });
  return readCertificateRequest(pem);
})();

async function issueAndTell(authority: CertificateAuthority, told: Told, names: readonly string[]): Promise<void> {
  try {
    for (const { serialNumber } of await authority.issue(names.map((name) => deviceRequest(name)))) {
      told.issued.add(serialNumber);
    }
  } catch (error) {
    for (const serialNumber of (isCodedError(error) && (error.cause.issued as string[])) || []) {
      told.issued.add(serialNumber);
    }
    throw error;
  }
}

const readyDisks = new Map<string, Promise<{ disk: MemoryDisk; told: Told }>>();

const ready = () => readyAfter();

/** A CA with two devices, on the way to a new key by some steps. */
async function readyAfter(...steps: RolloverStep[]): Promise<{ disk: MemoryDisk; told: Told }> {
  const prepared =
    readyDisks.get(steps.join()) ??
    (async () => {
      const disk = new MemoryDisk();
      const told = nothingTold();
      const lease = await acquireAuthority(options({ fs: disk }));
      await issueAndTell(lease.authority, told, ['first', 'second']);
      for (const step of steps) await lease.authority.takeStep(step);
      told.fingerprint256 = lease.authority.fingerprint256;
      told.crlNumber = Number((await lease.authority.crl()).number);
      await lease.release();
      return { disk, told };
    })();
  readyDisks.set(steps.join(), prepared);
  const { disk, told } = await prepared;
  return { disk: disk.copy(), told: structuredClone(told) };
}

const SCENARIOS: Scenario[] = [
  {
    name: 'create',
    disk: async () => ({ disk: new MemoryDisk(), told: nothingTold() }),
    run: async (authority, told) => {
      told.fingerprint256 = authority.fingerprint256;
    },
  },
  { name: 'open', disk: ready, run: async () => undefined },
  { name: 'issue', disk: ready, run: (authority, told) => issueAndTell(authority, told, ['third']) },
  { name: 'batch', disk: ready, run: (authority, told) => issueAndTell(authority, told, ['a', 'b', 'c', 'd', 'e']) },
  {
    name: 'revoke',
    disk: ready,
    run: async (authority, told) => {
      const result = await authority.revoke({ by: 'name', value: 'first' }, { reason: 'keyCompromise' });
      for (const { serialNumber } of result.revoked) told.revoked.add(serialNumber);
      told.crlNumber = Number(result.crlNumber);
    },
  },
  {
    name: 'crl',
    disk: ready,
    run: async (authority, told, clock) => {
      clock.jumpTo(clock.now() + 20 * 86_400_000);
      told.crlNumber = Number((await authority.crl()).number);
    },
  },
  {
    // Nobody is given a key with it, so it is told by itself.
    name: 'sign',
    errnos: ['EIO', 'ENOSPC'],
    disk: ready,
    run: async (authority, told) => {
      const { serialNumber } = await authority.sign(await request, { profile: 'device' });
      told.signed.add(serialNumber);
    },
  },
  renewing('renew a certificate with a new key', true),
  renewing('renew a certificate with its key', false),
  {
    name: 'release',
    errnos: ['EIO', 'ENOSPC'],
    disk: held,
    run: async (authority, told) => {
      // Until it is told that the hold was taken back, both may be found.
      const [serialNumber = ''] = told.revoked;
      told.revoked.clear();
      const { crlNumber } = await authority.revoke({ by: 'serial', value: serialNumber }, { reason: 'removeFromCRL' });
      told.released.add(serialNumber);
      told.crlNumber = Number(crlNumber);
    },
  },
  takingStep('renew'),
  takingStep('introduce'),
  { ...takingStep('cancel', 'introduce'), errnos: ['EIO'] },
  takingStep('switch', 'introduce'),
  takingStep('retire', 'introduce', 'switch'),
];

/** The old one stays what it is; the new one is whole, or was never there. */
function renewing(name: string, rekey: boolean): Scenario {
  return {
    name,
    errnos: ['EIO', 'ENOSPC'],
    disk: ready,
    run: async (authority, told) => {
      const { serialNumber } = await authority.renew({ by: 'name', value: 'first' }, { rekey });
      told.issued.add(serialNumber);
    },
  };
}

/** One of the two devices is on hold. */
async function held(): Promise<{ disk: MemoryDisk; told: Told }> {
  const { disk, told } = await ready();
  const lease = await acquireAuthority(options({ fs: disk }));
  const hold = { reason: 'certificateHold' } as const;
  const { revoked, crlNumber } = await lease.authority.revoke({ by: 'name', value: 'first' }, hold);
  for (const { serialNumber } of revoked) told.revoked.add(serialNumber);
  told.crlNumber = Number(crlNumber);
  await lease.release();
  return { disk, told };
}

/** Old or new, never between: as long as nobody was told of the new certificate, either may be found. */
function takingStep(step: RolloverStep, ...before: RolloverStep[]): Scenario {
  return {
    name: step,
    errnos: ['EIO', 'ENOSPC'],
    disk: () => readyAfter(...before),
    run: async (authority, told) => {
      delete told.fingerprint256;
      const { current } = await authority.takeStep(step, { force: true });
      told.fingerprint256 = current.fingerprint256;
    },
  };
}

function options(given: Partial<AuthorityOptions>): AuthorityOptions & { clock: Clock } {
  return { clock: new MemoryClock(), processes: nextProcess(), ...authorityOptions(given) } as AuthorityOptions & {
    clock: Clock;
  };
}

/** Open on a disk that works and compare with what was told. */
async function verify(disk: MemoryDisk, told: Told, where: string): Promise<void> {
  const known = disk.files().get(GUARD);
  // One that the CA had before will do: it keeps any other root out.
  if (told.fingerprint256) assert.match(known ?? '', /"fingerprint256": "[0-9A-F]/, `${where}: announced, not known`);
  const lease = await openWhileTimePasses(options({ fs: disk }));
  try {
    const { authority } = lease;
    if (told.fingerprint256) assert.equal(authority.fingerprint256, told.fingerprint256, `${where}: another CA`);
    const names = known?.match(/(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/g) ?? [];
    if (known)
      assert.ok(
        names.some((name) => authority.had(name)),
        `${where}: a new root for a CA that was known`,
      );
    for (const serialNumber of told.issued) {
      const { certificate, secretPrivateKey } = await authority.load(serialNumber);
      assert.equal(certificate.serialNumber, serialNumber);
      assert.ok(secretPrivateKey && keyBelongsTo(secretPrivateKey, certificate), `${where}: key of ${serialNumber}`);
      const status = authority.statusOf(serialNumber);
      const expected = told.revoked.has(serialNumber) ? /revoked/ : /valid|revoked/;
      assert.match(
        status,
        told.released.has(serialNumber) ? /^valid$/ : expected,
        `${where}: status of ${serialNumber}`,
      );
      const isTrusted = authority.hasIssued(certificate);
      assert.ok(isTrusted || authority.statusOf(serialNumber) !== 'valid', `${where}: ${serialNumber} is orphaned`);
    }
    for (const serialNumber of told.signed) {
      const { certificate, secretPrivateKey } = await authority.load(serialNumber);
      assert.equal(certificate.subject.commonName, 'asked', where);
      assert.equal(secretPrivateKey, undefined, where);
      assert.equal(authority.statusOf(serialNumber), 'valid', where);
    }
    const trust = authority.trustAnchorsPem;
    assert.equal(disk.files().get(`${FOLDER}/trust.pem`), trust, `${where}: trust.pem`);
    assert.equal(disk.files().get(`${FOLDER}/ca.pem`), authority.certificate.pem, `${where}: ca.pem`);
    const lists = readAllRevocationLists((await authority.crl()).pem);
    assert.equal(lists.length, authority.trustAnchors.length, where);
    for (const serialNumber of told.issued) {
      // What a retired key has signed leads to no trust anchor: there is no list for it any more.
      if (!authority.hasIssued((await authority.load(serialNumber)).certificate)) continue;
      const isListed = lists.some((list) => list.find(serialNumber) !== undefined);
      assert.equal(isListed, authority.statusOf(serialNumber) === 'revoked', `${where}: ${serialNumber} in the list`);
    }
    checkFiles(disk, authority, where);
    const { number } = await authority.staticCrl();
    assert.ok(Number(number) > told.crlNumber, `${where}: CRL number ${number} after ${told.crlNumber}`);
    const [next] = await authority.issue([deviceRequest('afterwards')]);
    assert.ok(!told.issued.has(next?.serialNumber ?? ''), `${where}: serial number twice`);
  } finally {
    await lease.release();
  }
}

/** The index, the certificates and the keys tell the same story, and nothing unfinished lies about. */
function checkFiles(disk: MemoryDisk, authority: CertificateAuthority, where: string): void {
  const files = disk.files();
  const listed = authority.list().items.map(({ serialNumber }) => serialNumber);
  const lines = (files.get(`${FOLDER}/index.txt`) ?? '').split('\n').slice(0, -1);
  assert.deepEqual(lines.map((line) => line.split('\t')[3]).sort(), [...listed].sort(), `${where}: index`);
  assert.equal(new Set(listed).size, listed.length, `${where}: a serial number twice`);
  for (const path of files.keys()) {
    assert.doesNotMatch(path, /\/ca\/.*\.(tmp|claim|new)$/, `${where}: left over`);
    const serialNumber = /\/ca\/(?:certs|private)\/([0-9A-F]{40})\./.exec(path)?.[1];
    if (serialNumber) assert.ok(listed.includes(serialNumber), `${where}: ${path} is not in the index`);
  }
}

interface Outcome {
  met: boolean;
  disk: MemoryDisk;
  told: Told;
  where: string;
}

/** Run a scenario with a fault at call `at`; calls of the opening are not counted, but for create and open. */
async function runWith(scenario: Scenario, at: number, fault: Fault, halted?: Promise<void>): Promise<Outcome> {
  const { disk, told } = await scenario.disk();
  const fs = new FailingFileSystem(disk);
  const early = scenario.name === 'create' || scenario.name === 'open';
  if (early) fs.failAt(at, fault);
  let lease: AuthorityLease | undefined;
  const work = (async () => {
    const clock = new MemoryClock();
    lease = await acquireAuthority(options({ fs, clock }));
    if (!early) fs.failAt(at, fault);
    await scenario.run(lease.authority, told, clock);
  })();
  const finished = work.then(
    () => 'done',
    (error: unknown) => {
      assert.ok(isCodedError(error), `not a coded error: ${String((error as Error)?.stack)}`);
      return error.code;
    },
  );
  const outcome = await Promise.race([finished, ...(halted ? [halted.then(() => 'halted')] : [])]);
  const met = fs.met;
  const where = `${scenario.name}, ${fault.kind} at call ${at} (${fs.log[at - 1] ?? 'none'}): ${outcome}`;
  if (fault.kind !== 'halt') {
    fs.heal();
    // The same process goes on once the disk is well again.
    if (lease) await issueAndTell(lease.authority, told, ['healed']);
    await lease?.release();
  }
  return { met, disk, told, where };
}

describe('a CA on a disk that fails', function () {
  this.timeout(240_000);

  for (const scenario of SCENARIOS) {
    for (const errno of scenario.errnos ?? ['EIO', 'ENOSPC', 'EROFS', 'EACCES']) {
      it(`${scenario.name}: survives ${errno} at every call`, async () => {
        for (let at = 1; ; at += 1) {
          const { met, disk, told, where } = await runWith(scenario, at, { kind: 'once', errno });
          await verify(disk, told, where);
          if (!met) break;
        }
      });
    }

    it(`${scenario.name}: survives a disk that stays full from every call on`, async () => {
      for (let at = 1; ; at += 1) {
        const { met, disk, told, where } = await runWith(scenario, at, { kind: 'always', errno: 'ENOSPC' });
        await verify(disk, told, where);
        if (!met) break;
      }
    });

    const cuts: Record<string, (disk: MemoryDisk, seed: number) => MemoryDisk> = {
      'kill -9': (disk) => disk.copy(),
      'a power cut that takes all that was not synced': (disk) => disk.afterPowerCut(),
      'a power cut that takes some of what was not synced': (disk, seed) => {
        const random = new SeededRandom(seed);
        return disk.afterPowerCut(() => random.next() < 0.5);
      },
    };
    for (const [name, cut] of Object.entries(cuts)) {
      it(`${scenario.name}: survives ${name} before every call`, async () => {
        for (let at = 1; ; at += 1) {
          let reached = () => undefined as void;
          const halted = new Promise<void>((resolve) => (reached = resolve));
          const { met, disk, told, where } = await runWith(scenario, at, { kind: 'halt', reached }, halted);
          await verify(cut(disk, at), told, `${where}, ${name}`);
          if (!met) break;
        }
      });
    }
  }
});
