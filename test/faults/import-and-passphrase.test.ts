import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import type { AuthorityOptions } from '../../src/ca/authority-options';
import { acquireAuthority } from '../../src/ca/authority-registry';
import type { Clock } from '../../src/model/clock';
import { isCodedError } from '../../src/model/errors';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { FailingFileSystem, type Fault } from '../support/failing-file-system';
import { MemoryClock } from '../support/memory-clock';
import { MemoryDisk } from '../support/memory-disk';
import { SeededRandom } from '../support/seeded-random';
import { authorityOptions, deviceRequest, nextProcess, openWhileTimePasses } from '../support/test-authority';

const FOLDER = '/user/pki/ca';
const GUARD = '/user/.secure-mqtt/authorities.json';
const SOURCE = '/old';

type Options = AuthorityOptions & { clock: Clock };

function options(given: Partial<AuthorityOptions> & { config?: object }): Options {
  return { clock: new MemoryClock(), processes: nextProcess(), ...authorityOptions(given) } as Options;
}

/** A CA with a device on a disk of its own. */
async function made(passphrase?: string): Promise<{ disk: MemoryDisk; fingerprint256: string; serialNumber: string }> {
  const disk = new MemoryDisk();
  const lease = await acquireAuthority(options({ fs: disk, ...(passphrase && { passphrase }) }));
  const [issued] = await lease.authority.issue([deviceRequest('device')]);
  const { fingerprint256 } = lease.authority;
  await lease.release();
  return { disk, fingerprint256, serialNumber: issued!.serialNumber };
}

/** The disk with what a colleague hands over: the CA's key and certificate, and the device's. */
async function source(): Promise<{ disk: MemoryDisk; fingerprint256: string; serialNumber: string }> {
  const { disk: other, ...facts } = await made();
  const files = other.files();
  const disk = new MemoryDisk();
  for (const name of [
    'ca.pem',
    'private/ca.key.pem',
    `certs/${facts.serialNumber}.pem`,
    `private/${facts.serialNumber}.key.pem`,
  ]) {
    disk.put(`${SOURCE}/${name}`, files.get(`${FOLDER}/${name}`) ?? '');
  }
  return { disk, ...facts };
}

/** The disk with nothing but a backup of that CA. */
async function backup(): Promise<Awaited<ReturnType<typeof source>>> {
  const { disk: other, ...facts } = await made();
  const lease = await acquireAuthority(options({ fs: other }));
  const disk = new MemoryDisk();
  disk.put(SOURCE, await lease.authority.sealedBackup('secret'));
  await lease.release();
  return { disk, ...facts };
}

/**
 * Opening a backup takes as long as guessing its passphrase once shall take (PBKDF2), several times for each call that fails: of
 * its calls only every 23rd is tried. All of them write through the same functions as an import.
 */
const WAYS = {
  'the import of a CA': { origins: source, stride: 1 },
  'the restoring of a backup': { origins: backup, stride: 23 },
};

/** The hardest of the cuts; authority-faults.test.ts tries the others on the same ways of writing. */
function powerCut(disk: MemoryDisk, seed: number): MemoryDisk {
  const random = new SeededRandom(seed);
  return disk.afterPowerCut(() => random.next() < 0.5);
}

/** Run with a fault at call `at`; @returns whether it was met */
async function withFault(
  fs: FailingFileSystem,
  at: number,
  kind: Fault['kind'],
  run: () => Promise<unknown>,
): Promise<boolean> {
  let reached = () => undefined as void;
  const halted = new Promise<void>((resolve) => (reached = resolve));
  fs.failAt(at, kind === 'halt' ? { kind, reached } : { kind, errno: 'ENOSPC' });
  const finished = run().catch((error: unknown) => {
    assert.ok(isCodedError(error), String((error as Error)?.stack));
  });
  await Promise.race([finished, halted]);
  return fs.met;
}

for (const [way, { origins, stride }] of Object.entries(WAYS)) {
  describe(`${way} on a disk that fails`, function () {
    this.timeout(240_000);
    const settings = { config: { source: 'import' }, importPath: SOURCE, passphrase: 'secret' };
    let origin: Awaited<ReturnType<typeof source>>;
    before(async () => {
      origin = await origins();
    });

    const verify = async (disk: MemoryDisk, where: string) => {
      const known = disk.files().get(GUARD);
      if (known) assert.ok(known.includes(origin.fingerprint256), where);
      const lease = await openWhileTimePasses(options({ fs: disk, ...settings }));
      const { authority } = lease;
      assert.equal(authority.fingerprint256, origin.fingerprint256, where);
      assert.deepEqual(
        authority.list().items.map(({ serialNumber, hasKey }) => [serialNumber, hasKey]),
        [[origin.serialNumber, true]],
        where,
      );
      assert.ok((await authority.load(origin.serialNumber)).secretPrivateKey, where);
      await lease.release();
      for (const [path, text] of disk.files()) {
        if (path.startsWith(`${FOLDER}/private/`)) assert.match(text, /ENCRYPTED/, `${where}: ${path} in clear`);
        if (path.startsWith(SOURCE)) assert.equal(text, origin.disk.files().get(path), `${where}: ${path} was written`);
      }
    };

    it('leaves nothing or all, whatever call meets a full disk', async () => {
      for (let at = 1; ; at += stride) {
        const disk = origin.disk.copy();
        const fs = new FailingFileSystem(disk);
        const met = await withFault(fs, at, 'once', async () =>
          (await acquireAuthority(options({ fs, ...settings }))).release(),
        );
        await verify(disk, `ENOSPC at ${at} (${fs.log[at - 1]})`);
        if (!met) break;
      }
    });

    it('leaves nothing or all after a power cut before every call', async () => {
      for (let at = 1; ; at += stride) {
        const disk = origin.disk.copy();
        const fs = new FailingFileSystem(disk);
        const run = async () => (await acquireAuthority(options({ fs, ...settings }))).release();
        const met = await withFault(fs, at, 'halt', run);
        await verify(powerCut(disk, at), `power cut at ${at} (${fs.log[at - 1]})`);
        if (!met) break;
      }
    });
  });
}

describe('a change of the passphrase on a disk that fails', function () {
  this.timeout(240_000);

  /** From and to; empty: none. */
  for (const [from, to] of [
    ['old', 'new'],
    ['', 'new'],
    ['old', ''],
  ] as const) {
    const what = `${from || 'none'} to ${to || 'none'}`;

    /** Agree on the change and deploy it, as far as the fault lets it. */
    const change = async (fs: FailingFileSystem) => {
      const lease = await acquireAuthority(options({ fs, passphrase: from }));
      try {
        await lease.authority.changePassphrase(from, to);
      } finally {
        await lease.release();
      }
      await (await acquireAuthority(options({ fs, passphrase: to }))).release();
    };

    /** Somebody has one of the two deployed; afterwards all keys are under it, and the CA is whole. */
    const verify = async (disk: MemoryDisk, fingerprint256: string, serialNumber: string, where: string) => {
      // With the old one until the change was agreed on, with the new one once it was done, and with either between.
      const opening = await Promise.allSettled(
        [from, to].map(async (passphrase) => {
          const copy = disk.copy();
          const lease = await openWhileTimePasses(options({ fs: copy, passphrase }));
          const { authority } = lease;
          assert.equal(authority.fingerprint256, fingerprint256, where);
          const { secretPrivateKey } = await authority.load(serialNumber);
          assert.ok(secretPrivateKey, where);
          await lease.release();
          for (const [path, text] of copy.files()) {
            if (!path.endsWith('.key.pem')) continue;
            const key = createPrivateKey({ key: text, format: 'pem', passphrase: passphrase || 'none' });
            assert.ok(secretPrivateKeyPem(key), `${where}: ${path}`);
          }
        }),
      );
      const failed = opening.filter((one) => one.status === 'rejected').map(({ reason }) => String(reason));
      assert.ok(
        opening.some(({ status }) => status === 'fulfilled'),
        `${where}: locked: ${failed.join('; ')}`,
      );
      return opening.map(({ status }) => status === 'fulfilled');
    };

    for (const [kind, name] of [
      ['once', 'a full disk'],
      ['halt', 'a power cut'],
    ] as const) {
      // Removing and changing fill the disk in the same way.
      if (kind === 'once' && !(from && to)) continue;
      it(`${what}: never locks the CA, with ${name} at every call`, async () => {
        const { disk: origin, fingerprint256, serialNumber } = await made(from || undefined);
        let both = 0;
        for (let at = 1; ; at += 1) {
          const disk = origin.copy();
          const fs = new FailingFileSystem(disk);
          const met = await withFault(fs, at, kind, () => change(fs));
          const where = `${what}, ${name} at ${at} (${fs.log[at - 1]})`;
          const [opensOld, opensNew] = await verify(
            kind === 'halt' ? powerCut(disk, at) : disk,
            fingerprint256,
            serialNumber,
            where,
          );
          if (opensOld && opensNew) both += 1;
          if (!met) {
            assert.equal(opensNew, true, where);
            if (from && to) assert.equal(opensOld, false, 'the old one no longer opens it');
            break;
          }
        }
        assert.ok(both > 0, 'both open it on the way');
      });
    }
  }

  it('is refused with a wrong or missing old one, and rewrites nothing', async () => {
    const { disk } = await made('old');
    const lease = await acquireAuthority(options({ fs: disk, passphrase: 'old' }));
    const before = [...disk.files()].filter(([path]) => path.includes('/private/'));
    await assert.rejects(lease.authority.changePassphrase('wrong', 'new'), { code: 'KEY_PASSPHRASE_WRONG' });
    await assert.rejects(lease.authority.changePassphrase('', 'new'), { code: 'KEY_ENCRYPTED' });
    assert.deepEqual(
      [...disk.files()].filter(([path]) => path.includes('/private/')),
      before,
    );
    assert.equal(await lease.authority.changePassphrase('old', 'new'), 'prepared');
    assert.equal(lease.authority.passphrasePending, true);
    assert.equal(await lease.authority.changePassphrase('old', 'old'), 'kept', 'it can be called off');
    await lease.release();
    await assert.rejects(acquireAuthority(options({ fs: disk, passphrase: 'new' })), { code: 'KEY_PASSPHRASE_WRONG' });
  });

  it('stores keys that are being made while it is removed in the clear, too', async () => {
    const { disk } = await made('old');
    const lease = await acquireAuthority(options({ fs: disk, passphrase: 'old' }));
    const names = Array.from({ length: 200 }, (_, index) => deviceRequest(`device ${index}`));
    const [issued] = await Promise.all([lease.authority.issue(names), lease.authority.changePassphrase('old', '')]);
    await lease.release();
    const after = await acquireAuthority(options({ fs: disk }));
    for (const { serialNumber } of issued) assert.ok((await after.authority.load(serialNumber)).secretPrivateKey);
    await after.release();
  });
});
