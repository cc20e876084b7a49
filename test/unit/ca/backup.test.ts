import assert from 'node:assert/strict';
import type { AuthorityOptions } from '../../../src/ca/authority-options';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import { rejects } from '../../support/coded-error';
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

  it('takes the passphrase of the CA, or any where it has none, but never no passphrase', async () => {
    const { authority, release } = await acquireAuthority(options({ fs: new MemoryDisk(), passphrase: 'secret' }));
    await rejects(() => authority.sealedBackup('other'), 'KEY_PASSPHRASE_WRONG');
    await release();
    const clear = await acquireAuthority(options({ fs: new MemoryDisk() }));
    await rejects(() => clear.authority.sealedBackup(''), 'INPUT_PASSPHRASE');
    await clear.release();
  });
});
