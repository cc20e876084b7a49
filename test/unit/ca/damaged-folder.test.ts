import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { acquireAuthority, forgetAuthority } from '../../../src/ca/authority-registry';
import type { RevocationReason } from '../../../src/model/revocation-reason';
import { readRevocationList } from '../../../src/pki/revocation-list';
import { rejects } from '../../support/coded-error';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { temporaryFolder } from '../../support/temporary-folder';
import { authorityOptions, deviceRequest, nextProcess } from '../../support/test-authority';

const FOLDER = '/user/pki/ca';

function memoryOptions(fs: MemoryDisk, more: Parameters<typeof authorityOptions>[0] = {}) {
  return authorityOptions({ fs, clock: new MemoryClock(), processes: nextProcess(), ...more });
}

/** A closed CA that has issued `a` and `b`, and gave `b` these statuses one after the other. */
async function closed(reasons: readonly RevocationReason[] = []) {
  const disk = new MemoryDisk();
  const { authority, release } = await acquireAuthority(memoryOptions(disk));
  const [, issued] = await authority.issue(['a', 'b'].map((name) => deviceRequest(name)));
  const serialNumber = issued!.serialNumber;
  for (const reason of reasons) await authority.revoke({ by: 'serial', value: serialNumber }, { reason });
  await release();
  return { disk, serialNumber };
}

const textOf = (disk: MemoryDisk, name: string) => disk.files().get(`${FOLDER}/${name}`) ?? '';

describe('a revocation is not lost with its line in the index', () => {
  const damages: Record<string, (disk: MemoryDisk) => void> = {
    'the line is deleted': (disk) => {
      disk.put(`${FOLDER}/index.txt`, textOf(disk, 'index.txt').replace(/^R.*\n/m, ''));
    },
    'the index is emptied': (disk) => disk.put(`${FOLDER}/index.txt`, ''),
    'the line is torn': (disk) => {
      disk.put(`${FOLDER}/index.txt`, textOf(disk, 'index.txt').replace(/^(R\t\d+Z\t\d).*\n/m, '$1'));
    },
    'the CRL is gone too': (disk) => {
      disk.put(`${FOLDER}/index.txt`, '');
      void disk.unlink(`${FOLDER}/crl.der`);
      void disk.unlink(`${FOLDER}/crl.pem`);
    },
    'the journal is gone too': (disk) => {
      disk.put(`${FOLDER}/index.txt`, '');
      void disk.unlink(`${FOLDER}/journal.jsonl`);
    },
    'of journal and CRL only crl.pem is left': (disk) => {
      disk.put(`${FOLDER}/index.txt`, '');
      void disk.unlink(`${FOLDER}/journal.jsonl`);
      disk.put(`${FOLDER}/crl.der`, 'rubbish');
    },
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`when ${name}`, async () => {
      const { disk, serialNumber } = await closed(['keyCompromise']);
      damage(disk);
      const { authority, release } = await acquireAuthority(memoryOptions(disk));
      const { pem } = await authority.crl();
      await release();
      const list = readRevocationList(pem);
      assert.equal(list.size, 1);
      assert.equal(list.find(serialNumber)?.reason, 'keyCompromise');
      assert.match(textOf(disk, 'index.txt'), new RegExp(`^R\\t\\d+Z\\t\\d+Z,keyCompromise\\t${serialNumber}\\t`, 'm'));
    });
  }

  it('but a release counts', async () => {
    const { disk } = await closed(['certificateHold', 'removeFromCRL']);
    disk.put(`${FOLDER}/index.txt`, '');
    const { authority, release } = await acquireAuthority(memoryOptions(disk));
    assert.equal(readRevocationList((await authority.crl()).pem).size, 0);
    await release();
  });
});

describe('a CA that is known by a link', () => {
  /** A CA in `disk/ca`, opened through the link `link`. */
  async function linked() {
    const userDir = temporaryFolder();
    for (const name of ['disk', 'other']) mkdirSync(join(userDir, name));
    const link = join(userDir, 'link');
    symlinkSync(join(userDir, 'disk'), link);
    const options = authorityOptions({ userDir, folder: join(link, 'ca') });
    const { authority, release } = await acquireAuthority(options);
    const { fingerprint256 } = authority;
    await release();
    rmSync(link);
    return { userDir, link, options, fingerprint256 };
  }

  it('is missed when the link leads to an empty folder', async () => {
    const { userDir, link, options, fingerprint256 } = await linked();
    symlinkSync(join(userDir, 'other'), link);
    const { cause } = await rejects(() => acquireAuthority(options), 'CA_MISSING');
    assert.equal(cause.expected, fingerprint256);
  });

  it('is missed when the link is gone, until it is forgotten', async () => {
    const { options, fingerprint256 } = await linked();
    await rejects(() => acquireAuthority(options), 'CA_MISSING');
    await forgetAuthority(options);
    const { authority, release } = await acquireAuthority(options);
    assert.notEqual(authority.fingerprint256, fingerprint256);
    await release();
  });

  it('is not replaced by another CA', async () => {
    const { userDir, link, options } = await linked();
    await (await acquireAuthority({ ...options, folder: join(userDir, 'other', 'ca') })).release();
    symlinkSync(join(userDir, 'other'), link);
    await rejects(() => acquireAuthority(options), 'CA_MISMATCH');
  });

  it('is missed when a second node came by the link', async () => {
    const { userDir, link, options } = await linked();
    await forgetAuthority(options);
    symlinkSync(join(userDir, 'disk'), link);
    const first = await acquireAuthority({ ...options, folder: join(userDir, 'disk', 'ca') });
    const second = await acquireAuthority(options);
    await Promise.all([first.release(), second.release()]);
    rmSync(link);
    await rejects(() => acquireAuthority(options), 'CA_MISSING');
  });
});

describe('damaged PEM files of a CA', () => {
  it('do not hand out the trust anchor of another CA', async () => {
    const { disk } = await closed();
    const other = await closed();
    disk.put(`${FOLDER}/trust.pem`, textOf(other.disk, 'trust.pem'));
    const { cause } = await rejects(() => acquireAuthority(memoryOptions(disk)), 'CA_CORRUPT', /trust\.pem/);
    assert.equal(cause.file, 'trust.pem');
  });

  it('do not hand out the trust anchor of another CA than that above', async () => {
    const { disk } = await closed();
    const root = await acquireAuthority(memoryOptions(disk));
    const alone = memoryOptions(disk, { folder: '/user/pki/below', config: { commonName: 'Below' } });
    await (await acquireAuthority({ ...alone, issuer: root.authority })).release();
    await root.release();
    await (await acquireAuthority(alone)).release();
    disk.put('/user/pki/below/trust.pem', textOf((await closed()).disk, 'trust.pem'));
    await rejects(() => acquireAuthority(alone), 'CA_CORRUPT', /trust\.pem/);
  });

  const names = ['ca.pem', 'chain.pem', 'trust.pem', 'private/ca.key.pem'];
  const torn = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
  const cases = names.map((name) => [name, 'rubbish', 'PEM_NO_BLOCK'] as const);
  for (const [name, text, code] of [...cases, ['private/ca.key.pem', torn, 'KEY_MALFORMED'] as const]) {
    it(`are named: ${name}, ${code}`, async () => {
      const { disk } = await closed();
      disk.put(`${FOLDER}/${name}`, text);
      const { cause } = await rejects(() => acquireAuthority(memoryOptions(disk)), code);
      assert.equal(cause.path, `${FOLDER}/${name}`);
    });
  }
});
