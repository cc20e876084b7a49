import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthorityOptions } from '../../../src/ca/authority-options';
import { acquireAuthority, forgetAuthority } from '../../../src/ca/authority-registry';
import { rejects } from '../../support/coded-error';
import { MemoryDisk } from '../../support/memory-disk';
import { temporaryFolder } from '../../support/temporary-folder';
import { authorityOptions, deviceRequest, nextProcess, testSettings } from '../../support/test-authority';

const FOLDER = '/user/pki/ca';

function memoryOptions(fs: MemoryDisk, more: Partial<AuthorityOptions> = {}) {
  return authorityOptions({ fs, processes: nextProcess(), ...more });
}

/** A disk with a CA that was closed; its fingerprint. */
async function created(more: Partial<AuthorityOptions> = {}) {
  const disk = new MemoryDisk();
  const { authority, release } = await acquireAuthority(memoryOptions(disk, more));
  const { fingerprint256 } = authority;
  await release();
  return { disk, fingerprint256 };
}

/** A copy without the files whose path begins so. */
async function without(disk: MemoryDisk, prefix: string): Promise<MemoryDisk> {
  const copy = disk.copy();
  for (const path of copy.files().keys()) if (path.startsWith(prefix)) await copy.unlink(path);
  return copy;
}

describe('a CA folder is created', () => {
  it('with the files of DESIGN.md §2 and nothing readable that is secret', async () => {
    const userDir = temporaryFolder();
    const { authority, release } = await acquireAuthority(authorityOptions({ userDir }));
    await authority.issue([deviceRequest('dev01')]);
    await release();
    const modes: Record<string, number> = {
      '': 0o700,
      private: 0o700,
      certs: 0o700,
      imported: 0o700,
      'ca.json': 0o644,
      'ca.pem': 0o644,
      'chain.pem': 0o644,
      'trust.pem': 0o644,
      'private/ca.key.pem': 0o600,
      'index.txt': 0o644,
      'index.txt.attr': 0o644,
      serial: 0o644,
      crlnumber: 0o644,
      'openssl.cnf': 0o644,
      'crl.pem': 0o644,
      'crl.der': 0o644,
      'journal.jsonl': 0o600,
    };
    for (const [name, mode] of Object.entries(modes)) {
      const found = statSync(join(authority.folder, name)).mode & 0o777;
      assert.equal(found.toString(8), mode.toString(8), name);
    }
    const [{ serialNumber } = { serialNumber: '' }] = authority.list().items;
    assert.equal(statSync(join(authority.folder, 'private', `${serialNumber}.key.pem`)).mode & 0o777, 0o600);
  });

  it('in an empty folder, with what systems leave there', async () => {
    const disk = new MemoryDisk();
    disk.put(`${FOLDER}/.DS_Store`, '');
    disk.put(`${FOLDER}/.0123456789abcdef.tmp`, '');
    const { release } = await acquireAuthority(memoryOptions(disk));
    await release();
    assert.ok(!disk.files().has(`${FOLDER}/.0123456789abcdef.tmp`));
  });

  it('not in a folder of somebody else, which stays as it is', async () => {
    const disk = new MemoryDisk();
    disk.put(`${FOLDER}/holiday.jpg`, '');
    const before = [...disk.files()];
    const { cause } = await rejects(() => acquireAuthority(memoryOptions(disk)), 'CA_FOREIGN', /holiday\.jpg/);
    assert.deepEqual(cause.names, ['holiday.jpg']);
    assert.deepEqual([...disk.files()], before);
  });

  it('anew after a crash before it was announced', async () => {
    const disk = new MemoryDisk();
    disk.put(`${FOLDER}/ca.json`, '{"version":1,"state":"creating"}');
    disk.put(`${FOLDER}/private/ca.key.pem`, 'torn');
    const { authority, release } = await acquireAuthority(memoryOptions(disk));
    assert.equal((await authority.issue([deviceRequest('dev01')])).length, 1);
    await release();
  });

  it('with a passphrase that is refused when it is too long, leaving nothing announced', async () => {
    const disk = new MemoryDisk();
    await rejects(() => acquireAuthority(memoryOptions(disk, { passphrase: 'x'.repeat(2000) })), 'INPUT_PASSPHRASE');
    const { release } = await acquireAuthority(memoryOptions(disk));
    await release();
  });
});

describe('a CA folder is opened', () => {
  it('with the same CA, and the node of now in authorities.json', async () => {
    const { disk, fingerprint256 } = await created();
    const { authority, release } = await acquireAuthority(
      memoryOptions(disk, { nodeId: 'node2', expectedFingerprint256: fingerprint256 }),
    );
    assert.equal(authority.fingerprint256, fingerprint256);
    const known = JSON.parse(disk.files().get('/user/.secure-mqtt/authorities.json') ?? '') as {
      authorities: Record<string, { fingerprint256: string; nodeId: string; createdAt: string }>;
    };
    assert.equal(known.authorities[FOLDER]?.fingerprint256, fingerprint256);
    assert.equal(known.authorities[FOLDER]?.nodeId, 'node2');
    await release();
  });

  it('when it was copied here with its folder: then it becomes known', async () => {
    const { disk, fingerprint256 } = await created();
    const moved = await without(disk, '/user/.secure-mqtt');
    const { authority, release } = await acquireAuthority(memoryOptions(moved));
    assert.equal(authority.fingerprint256, fingerprint256);
    await release();
    assert.ok(moved.files().get('/user/.secure-mqtt/authorities.json')?.includes(fingerprint256));
  });

  it('never as a new root when the known one is gone', async () => {
    const { disk, fingerprint256 } = await created();
    const emptied = await without(disk, FOLDER);
    const { cause } = await rejects(() => acquireAuthority(memoryOptions(emptied)), 'CA_MISSING');
    assert.equal(cause.expected, fingerprint256);
    assert.ok(![...emptied.files().keys()].some((path) => path.startsWith(FOLDER)));
  });

  it('never as a new root when the dialog has shown another or none is there', async () => {
    const { disk } = await created();
    const expected = { expectedFingerprint256: 'AA:BB' };
    await rejects(() => acquireAuthority(memoryOptions(disk, expected)), 'CA_MISMATCH', /AA:BB/);
    await rejects(() => acquireAuthority(memoryOptions(new MemoryDisk(), expected)), 'CA_MISSING', /AA:BB/);
  });

  it('not when the folder now holds another CA than the known one', async () => {
    const first = await created();
    const second = await created();
    const mixed = second.disk.copy();
    mixed.put(
      '/user/.secure-mqtt/authorities.json',
      first.disk.files().get('/user/.secure-mqtt/authorities.json') ?? '',
    );
    const { cause } = await rejects(() => acquireAuthority(memoryOptions(mixed)), 'CA_MISMATCH');
    assert.equal(cause.found, second.fingerprint256);
    assert.equal(cause.expected, first.fingerprint256);
  });

  it('as a new one after the old was forgotten', async () => {
    const { disk, fingerprint256 } = await created();
    const emptied = await without(disk, FOLDER);
    await forgetAuthority({ folder: FOLDER, userDir: '/user', fs: emptied });
    const { authority, release } = await acquireAuthority(memoryOptions(emptied));
    assert.notEqual(authority.fingerprint256, fingerprint256);
    await release();
  });

  const damages: {
    name: string;
    code: 'CA_CORRUPT' | 'CA_MISMATCH' | 'STORE_VERSION';
    damage: (disk: MemoryDisk) => void;
  }[] = [
    { name: 'ca.json is no JSON', code: 'CA_CORRUPT', damage: (disk) => disk.put(`${FOLDER}/ca.json`, '{') },
    {
      name: 'ca.json is of a newer version',
      code: 'STORE_VERSION',
      damage: (disk) => disk.put(`${FOLDER}/ca.json`, '{"version":2}'),
    },
    { name: 'ca.pem is gone', code: 'CA_CORRUPT', damage: (disk) => void disk.unlink(`${FOLDER}/ca.pem`) },
    { name: 'the key is gone', code: 'CA_CORRUPT', damage: (disk) => void disk.unlink(`${FOLDER}/private/ca.key.pem`) },
    { name: 'index.txt is gone', code: 'CA_CORRUPT', damage: (disk) => void disk.unlink(`${FOLDER}/index.txt`) },
    {
      name: 'index.txt is damaged',
      code: 'CA_CORRUPT',
      damage: (disk) => disk.put(`${FOLDER}/index.txt`, 'rubbish\n'),
    },
    {
      name: 'a serial number stands twice',
      code: 'CA_CORRUPT',
      damage: (disk) => {
        const line = 'V\t300101000000Z\t\t01\tunknown\t/CN=a\n';
        disk.put(`${FOLDER}/index.txt`, line + line);
      },
    },
  ];
  for (const { name, code, damage } of damages) {
    it(`not when ${name}, and without a change`, async () => {
      const { disk } = await created();
      damage(disk);
      const before = [...disk.files()];
      await rejects(() => acquireAuthority(memoryOptions(disk)), code);
      assert.deepEqual([...disk.files()], before);
    });
  }

  it('with files mended that follow from the others', async () => {
    const { disk } = await created();
    for (const name of [
      'openssl.cnf',
      'index.txt.attr',
      'chain.pem',
      'trust.pem',
      'crl.pem',
      'crlnumber',
      'journal.jsonl',
    ]) {
      await disk.unlink(`${FOLDER}/${name}`);
    }
    const { authority, release } = await acquireAuthority(memoryOptions(disk));
    assert.equal(authority.trustAnchorsPem, authority.certificate.pem);
    const { number } = await authority.crl();
    assert.equal(number, '1');
    await authority.issue([deviceRequest('dev01')]);
    await release();
    assert.match(disk.files().get(`${FOLDER}/openssl.cnf`) ?? '', /dir = \/user\/pki\/ca\n/);
  });
});

describe('the passphrase of a CA', () => {
  const passphrase = 'correct horse battery';

  it('encrypts every private key', async () => {
    const { disk } = await created({ passphrase });
    const { authority, release } = await acquireAuthority(memoryOptions(disk, { passphrase }));
    assert.ok(authority.keysEncrypted);
    const [issued] = await authority.issue([deviceRequest('dev01')]);
    await release();
    const keys = [...disk.files()].filter(([path]) => path.includes('/private/'));
    assert.equal(keys.length, 2);
    for (const [path, pem] of keys) assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/, path);
    assert.ok(issued?.secretPrivateKey);
  });

  const attempts = [
    { name: 'missing', given: undefined, code: 'KEY_ENCRYPTED' },
    { name: 'empty', given: '', code: 'KEY_ENCRYPTED' },
    { name: 'wrong', given: 'wrong horse', code: 'KEY_PASSPHRASE_WRONG' },
  ] as const;
  for (const { name, given, code } of attempts) {
    it(`says ${code} when it is ${name}, and rewrites nothing`, async () => {
      const { disk } = await created({ passphrase });
      const before = [...disk.files()];
      await rejects(() => acquireAuthority(memoryOptions(disk, { passphrase: given })), code);
      assert.deepEqual([...disk.files()], before);
    });

    it(`says ${code} when a second node has it ${name}`, async () => {
      const { disk } = await created({ passphrase });
      const options = memoryOptions(disk, { passphrase });
      const { release } = await acquireAuthority(options);
      await rejects(() => acquireAuthority({ ...options, passphrase: given }), code);
      await release();
    });
  }

  it('does not matter to a CA without one, whose keys stay in clear', async () => {
    const { disk } = await created();
    const { authority, release } = await acquireAuthority(memoryOptions(disk, { passphrase }));
    assert.ok(!authority.keysEncrypted);
    await authority.issue([deviceRequest('dev01')]);
    await release();
    const { release: again } = await acquireAuthority(memoryOptions(disk));
    await again();
  });
});

describe('the users of one CA', () => {
  it('share it until the last one lets go', async () => {
    const disk = new MemoryDisk();
    const options = memoryOptions(disk);
    const [first, second] = await Promise.all([acquireAuthority(options), acquireAuthority(options)]);
    assert.equal(first.authority, second.authority);
    await first.release();
    await first.release();
    await second.authority.issue([deviceRequest('dev01')]);
    await second.release();
    await rejects(() => second.authority.issue([deviceRequest('dev02')]), 'CA_NOT_READY');
    assert.ok(!disk.files().has(`${FOLDER}/lock`));
    const third = await acquireAuthority(options);
    assert.notEqual(third.authority, first.authority);
    await third.release();
  });

  it('reach it by every spelling of its folder', async () => {
    const userDir = temporaryFolder();
    mkdirSync(join(userDir, 'pki'));
    symlinkSync(join(userDir, 'pki'), join(userDir, 'link'));
    const options = authorityOptions({ userDir });
    const first = await acquireAuthority(options);
    const second = await acquireAuthority({ ...options, folder: join(userDir, 'link', 'ca') });
    assert.equal(first.authority, second.authority);
    await Promise.all([first.release(), second.release()]);
  });

  it('may open it while it is being closed', async () => {
    const options = memoryOptions(new MemoryDisk());
    const first = await acquireAuthority(options);
    const closing = first.release();
    const second = await acquireAuthority(options);
    await closing;
    await second.authority.issue([deviceRequest('dev01')]);
    await second.release();
  });

  it('all learn why it does not open, and may try again', async () => {
    const disk = new MemoryDisk();
    disk.put(`${FOLDER}/holiday.jpg`, '');
    const options = memoryOptions(disk);
    const attempts = [1, 2, 3].map(() => rejects(() => acquireAuthority(options), 'CA_FOREIGN'));
    await Promise.all(attempts);
    await disk.unlink(`${FOLDER}/holiday.jpg`);
    await (await acquireAuthority(options)).release();
  });

  it('get the settings of the node that came last', async () => {
    const options = memoryOptions(new MemoryDisk());
    const first = await acquireAuthority(options);
    const second = await acquireAuthority({ ...options, settings: testSettings({ leafValidityDays: 7 }) });
    assert.equal(first.authority.settings.leafValidityDays, 7);
    await first.release();
    await second.release();
  });
});

describe('a CA on a real disk', () => {
  it('is not created in a folder that cannot be written, and says so', async function () {
    const userDir = temporaryFolder();
    writeFileSync(join(userDir, 'pki'), 'a file');
    await rejects(() => acquireAuthority(authorityOptions({ userDir })), 'STORE_CORRUPT');
    rmSync(join(userDir, 'pki'));
    await (await acquireAuthority(authorityOptions({ userDir }))).release();
  });
});
