import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { AuthorityOptions } from '../../../src/ca/authority-options';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import type { RolloverStep } from '../../../src/ca/rollover';
import { isCodedError } from '../../../src/model/errors';
import { sealMessage } from '../../../src/encoding/sealed-message';
import { readAllRevocationLists } from '../../../src/pki/revocation-list';
import { rejects } from '../../support/coded-error';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, nextProcess } from '../../support/test-authority';

const FOLDER = '/user/pki/ca';
const BACKUP = '/away/ca.p7m';

const options = (given: Partial<AuthorityOptions> & { config?: object }) =>
  ({ clock: new MemoryClock(), processes: nextProcess(), ...authorityOptions(given) }) as AuthorityOptions;

/** A CA with a device and a revoked one, and its backup. */
async function backedUp(passphrase?: string) {
  const disk = new MemoryDisk();
  const { authority, release } = await acquireAuthority(options({ fs: disk, ...(passphrase && { passphrase }) }));
  const [kept, gone] = await authority.issue([deviceRequest('kept'), deviceRequest('gone')]);
  await authority.revoke({ by: 'name', value: 'gone' });
  const number = (await authority.crl()).number;
  const backup = await authority.sealedBackup(passphrase ?? 'chosen');
  await release();
  return {
    disk,
    backup,
    number,
    fingerprint256: authority.fingerprint256,
    kept: kept!.serialNumber,
    gone: gone!.serialNumber,
  };
}

/** A disk that holds nothing but a backup. */
async function diskWith(backup: Buffer): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  disk.put(BACKUP, '');
  const file = await disk.open(BACKUP, 'r');
  await file.write(backup, 0, backup.length, 0);
  await file.sync();
  return disk;
}

const restoring = { config: { source: 'import' }, importPath: BACKUP };

describe('a backup of a CA', () => {
  for (const passphrase of ['secret', undefined]) {
    it(`brings back everything, of a CA ${passphrase ? 'with' : 'without'} a passphrase`, async () => {
      const { backup, number, fingerprint256, kept, gone } = await backedUp(passphrase);
      const fs = await diskWith(backup);
      const { authority, release } = await acquireAuthority(
        options({ fs, ...restoring, passphrase: passphrase ?? 'chosen' }),
      );
      assert.equal(authority.fingerprint256, fingerprint256);
      assert.deepEqual([authority.statusOf(kept), authority.statusOf(gone)], ['valid', 'revoked']);
      assert.equal(authority.find({ by: 'serial', value: kept }).profile, 'device');
      assert.ok((await authority.load(kept)).secretPrivateKey);
      assert.ok(authority.keysEncrypted);
      assert.match(authority.findings.at(-1)?.message ?? '', /restored from a backup of \d{4}-/);
      assert.ok(
        Number((await authority.crl()).number) > Number(number) + 1000,
        'lists made since the backup stay older',
      );
      await authority.issue([deviceRequest('new')]);
      await release();
      for (const [path, text] of fs.files()) if (/\.key\.pem$/.test(path)) assert.match(text, /ENCRYPTED/, path);
    });
  }

  it('brings back a CA that is known and gone, and no other in its place', async () => {
    const first = await backedUp('secret');
    const second = await backedUp('secret');
    const lost = await diskWith(first.backup);
    lost.put(
      '/user/.secure-mqtt/authorities.json',
      first.disk.files().get('/user/.secure-mqtt/authorities.json') ?? '',
    );
    await rejects(() => acquireAuthority(options({ fs: lost, passphrase: 'secret' })), 'CA_MISSING');
    const other = await diskWith(second.backup);
    other.put(
      '/user/.secure-mqtt/authorities.json',
      first.disk.files().get('/user/.secure-mqtt/authorities.json') ?? '',
    );
    await rejects(() => acquireAuthority(options({ fs: other, ...restoring, passphrase: 'secret' })), 'CA_MISSING');
    const back = await acquireAuthority(options({ fs: lost, ...restoring, passphrase: 'secret' }));
    assert.equal(back.authority.fingerprint256, first.fingerprint256);
    await back.release();
  });

  it('never replaces a CA, nor anything else that lies in the folder', async () => {
    const { backup } = await backedUp('secret');
    const fs = await diskWith(backup);
    fs.put(`${FOLDER}/photo.jpg`, 'cat');
    await rejects(() => acquireAuthority(options({ fs, ...restoring, passphrase: 'secret' })), 'CA_FOREIGN');
    const occupied = await backedUp('secret');
    const before = occupied.disk.files();
    const { authority, release } = await acquireAuthority(
      options({ fs: occupied.disk, ...restoring, passphrase: 'secret' }),
    );
    assert.equal(authority.fingerprint256, occupied.fingerprint256);
    await release();
    assert.equal(occupied.disk.files().get(`${FOLDER}/ca.pem`), before.get(`${FOLDER}/ca.pem`));
  });

  it('of which a part is damaged does not stand in the way of a good one', async () => {
    const { disk, fingerprint256 } = await backedUp('secret');
    const copy = new MemoryDisk();
    for (const [path, text] of disk.files()) if (path.startsWith(FOLDER)) copy.put(path.replace(FOLDER, '/copy'), text);
    const trust = copy.files().get('/copy/trust.pem') ?? '';
    copy.put('/copy/trust.pem', 'damaged');
    const again = () =>
      acquireAuthority(options({ fs: copy, config: { source: 'import' }, importPath: '/copy', passphrase: 'secret' }));
    await rejects(again, 'PEM_NO_BLOCK', /ca\/trust\.pem: expected a certificate/);
    copy.put('/copy/trust.pem', trust);
    const { authority, release } = await again();
    assert.equal(authority.fingerprint256, fingerprint256);
    await release();
  });

  it('of a disk that fails at any call is none, and changes nothing', async () => {
    const { disk } = await backedUp('secret');
    for (let at = 1, met = true; met; at += 1) {
      const fs = new FailingFileSystem(disk.copy());
      const { authority, release } = await acquireAuthority(options({ fs, passphrase: 'secret' }));
      fs.failAt(at, { kind: 'once', errno: 'EIO' });
      const made = await authority.sealedBackup('secret').then(
        () => true,
        (error: unknown) => {
          assert.ok(isCodedError(error), `${fs.log[at - 1]}: ${String(error)}`);
          return false;
        },
      );
      met = fs.met;
      fs.heal();
      assert.equal(made, !met, `without what could not be read: ${fs.log[at - 1]}`);
      await authority.issue([deviceRequest('afterwards')]);
      await release();
    }
  });

  it('is refused with a wrong passphrase or when it was changed, and nothing is made', async () => {
    const { backup } = await backedUp('secret');
    const fs = await diskWith(backup);
    await rejects(() => acquireAuthority(options({ fs, ...restoring, passphrase: 'wrong' })), 'KEY_PASSPHRASE_WRONG');
    await rejects(() => acquireAuthority(options({ fs, ...restoring })), 'KEY_ENCRYPTED');
    backup[backup.length - 100] = (backup[backup.length - 100] ?? 0) ^ 1;
    const tampered = await diskWith(backup);
    await rejects(
      () => acquireAuthority(options({ fs: tampered, ...restoring, passphrase: 'secret' })),
      'STORE_CORRUPT',
    );
    for (const disk of [fs, tampered]) assert.deepEqual([...disk.files().keys()], [BACKUP]);
  });

  it('is refused by its size when it would unpack to more than a CA can have', async () => {
    const bomb = gzipSync(Buffer.alloc(1024));
    bomb.writeUInt32LE(900_000_000, bomb.length - 4);
    const fs = await diskWith(await sealMessage(bomb, 'chosen', { rounds: 1000 }));
    const opening = acquireAuthority(options({ fs, ...restoring, passphrase: 'chosen' }));
    await rejects(() => opening, 'STORE_TOO_LARGE', /900000000 bytes, at most 536870912/);
    assert.ok(!fs.files().has(`${FOLDER}/ca.json`));
  });

  it('takes the passphrase of the CA, or any where it has none, but never no passphrase', async () => {
    const { authority, release } = await acquireAuthority(options({ fs: new MemoryDisk(), passphrase: 'secret' }));
    await rejects(() => authority.sealedBackup('other'), 'KEY_PASSPHRASE_WRONG');
    await release();
    const clear = await acquireAuthority(options({ fs: new MemoryDisk() }));
    await rejects(() => clear.authority.sealedBackup(''), 'INPUT_PASSPHRASE');
    await clear.release();
  });
});

/** A CA on its way to a new key, with a device of the old one, on a disk of its own. */
async function underWay(steps: readonly RolloverStep[]) {
  const disk = new MemoryDisk();
  const { authority, release } = await acquireAuthority(options({ fs: disk, passphrase: 'secret' }));
  const [old] = await authority.issue([deviceRequest('old')]);
  for (const step of steps) await authority.takeStep(step);
  const { rollover, trustAnchorsPem } = authority;
  return { disk, authority, release, rollover, trustAnchorsPem, old: old!.certificate };
}

type UnderWay = Awaited<ReturnType<typeof underWay>>;

/** Ways by which a CA comes to another disk; each answers the options that open it there. */
const WAYS: Record<string, (made: UnderWay) => Promise<{ fs: MemoryDisk; importPath: string }>> = {
  'its backup': async ({ authority, release }) => {
    const fs = await diskWith(await authority.sealedBackup('secret'));
    await release();
    return { fs, importPath: BACKUP };
  },
  'a copy of its folder': async ({ disk, release }) => {
    await release();
    const fs = new MemoryDisk();
    for (const [path, text] of disk.files()) {
      if (path.startsWith(FOLDER)) fs.put(path.replace(FOLDER, '/away'), text);
    }
    return { fs, importPath: '/away' };
  },
};

describe('a CA whose key is being replaced', () => {
  for (const [way, bring] of Object.entries(WAYS)) {
    for (const steps of [['introduce'], ['introduce', 'switch']] as RolloverStep[][]) {
      it(`comes whole by ${way}, after ${steps.at(-1)}`, async () => {
        const made = await underWay(steps);
        const { fs, importPath } = await bring(made);
        const given = { fs, config: { source: 'import' as const }, importPath, passphrase: 'secret' };
        const { authority, release } = await acquireAuthority(options(given));
        assert.deepEqual(authority.rollover, made.rollover);
        assert.equal(authority.trustAnchorsPem, made.trustAnchorsPem);
        assert.ok(authority.hasIssued(made.old));
        assert.equal(readAllRevocationLists((await authority.crl()).pem).length, 2);
        assert.equal(authority.findings.length, 1);
        assert.match(authority.findings[0]?.message ?? '', /backup of \d{4}-|copied from \/away/);
        for (const step of ['switch', 'retire'] as const) {
          if (!(steps as string[]).includes(step)) await authority.takeStep(step, { force: true });
        }
        assert.equal(authority.hasIssued(made.old), false);
        await release();
        for (const [path, text] of fs.files()) if (/\.key\.pem$/.test(path)) assert.match(text, /ENCRYPTED/, path);
        const again = await acquireAuthority(options(given));
        assert.equal(again.authority.rollover.step, 'stable');
        await again.release();
      });
    }
  }

  it('gets another passphrase around both keys, and is restored with the old one from a backup made on the way', async () => {
    const made = await underWay(['introduce']);
    assert.equal(await made.authority.changePassphrase('secret', 'next'), 'prepared');
    const fs = await diskWith(await made.authority.sealedBackup('secret'));
    await made.release();
    const changed = await acquireAuthority(options({ fs: made.disk, passphrase: 'next' }));
    await changed.authority.takeStep('switch');
    await changed.release();
    await rejects(() => acquireAuthority(options({ fs: made.disk, passphrase: 'secret' })), 'KEY_PASSPHRASE_WRONG');
    const again = await acquireAuthority(options({ fs: made.disk, passphrase: 'next' }));
    assert.equal(again.authority.rollover.step, 'switched');
    await again.authority.issue([deviceRequest('new')]);
    await again.release();
    const back = await acquireAuthority(options({ fs, ...restoring, passphrase: 'secret' }));
    assert.deepEqual(back.authority.rollover, made.rollover);
    await back.release();
  });

  it('is not taken from a folder with a link in it, or whose passphrase is just being changed', async () => {
    const made = await underWay(['introduce']);
    await made.authority.changePassphrase('secret', 'next');
    const { fs, importPath } = await WAYS['a copy of its folder']!(made);
    const given = { fs, config: { source: 'import' as const }, importPath, passphrase: 'secret' };
    await rejects(() => acquireAuthority(options(given)), 'CA_NOT_READY', /passphrase/);
    await fs.unlink('/away/private/passphrase-change.json');
    const lstat = fs.lstat.bind(fs);
    fs.lstat = async (path) => {
      const found = await lstat(path);
      return path.includes('/certs/') ? { ...found, isSymbolicLink: () => true } : found;
    };
    await rejects(() => acquireAuthority(options(given)), 'STORE_LINK', /certs\//);
    fs.lstat = async (path) => {
      const found = await lstat(path);
      return path.endsWith('/private') ? { ...found, isSymbolicLink: () => true } : found;
    };
    await rejects(() => acquireAuthority(options(given)), 'STORE_LINK', /private in/);
    assert.equal(
      [...fs.files().keys()].some((path) => path.startsWith(FOLDER)),
      false,
    );
  });
});

describe('a CA that lives in two folders', () => {
  it('is told so in both, also after it was renewed in one of them, until one is gone', async () => {
    const { backup, disk, fingerprint256 } = await backedUp('secret');
    disk.put(BACKUP, '');
    const file = await disk.open(BACKUP, 'r+');
    await file.write(backup, 0, backup.length, 0);
    await file.sync();
    const first = () => acquireAuthority(options({ fs: disk, passphrase: 'secret' }));
    const second = () =>
      acquireAuthority(options({ fs: disk, ...restoring, folder: '/user/pki/second', passphrase: 'secret' }));
    const told = async (open: typeof first) => {
      const { authority, release } = await open();
      const remarks = authority.findings.filter(({ code }) => code === 'CA_TWICE').map(({ cause }) => cause.other);
      await release();
      return remarks;
    };
    assert.deepEqual(await told(first), []);
    assert.deepEqual(await told(second), [FOLDER]);
    assert.deepEqual(await told(first), ['/user/pki/second']);
    const renewed = await first();
    await renewed.authority.takeStep('renew');
    assert.notEqual(renewed.authority.fingerprint256, fingerprint256);
    await renewed.release();
    assert.deepEqual([await told(first), await told(second)], [['/user/pki/second'], [FOLDER]]);
    for (const path of disk.files().keys()) if (path.startsWith('/user/pki/second/')) await disk.unlink(path);
    assert.deepEqual(await told(first), []);
  });
});
