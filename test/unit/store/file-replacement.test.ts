import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FileReplacement, recoverReplacement, REPLACEMENT_JOURNAL } from '../../../src/store/file-replacement';
import { nodeFileSystem, type FileSystem } from '../../../src/store/file-system';
import { OutputFolder } from '../../../src/store/output-folder';
import { rejects } from '../../support/coded-error';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryDisk } from '../../support/memory-disk';
import { temporaryFolder } from '../../support/temporary-folder';

const FOLDER = '/export/broker';
const NEW = [
  { name: 'server.crt.pem', content: Buffer.from('new certificate'), mode: 0o644 },
  { name: 'server.key.pem', content: Buffer.from('new key'), mode: 0o600 },
  { name: 'crl.pem', content: Buffer.from('new list'), mode: 0o644 },
];
const OLD = { 'server.crt.pem': 'old certificate', 'server.key.pem': 'old key', 'mosquitto.conf': 'untouched' };
const AFTER = { 'server.crt.pem': 'new certificate', 'server.key.pem': 'new key', 'mosquitto.conf': 'untouched', 'crl.pem': 'new list' }; // prettier-ignore

function diskWith(files: Record<string, string>): MemoryDisk {
  const disk = new MemoryDisk();
  for (const [name, content] of Object.entries(files)) disk.put(`${FOLDER}/${name}`, content);
  return disk;
}

/** What a broker could read there. */
function seen(disk: MemoryDisk): Record<string, string> {
  const names = [...disk.files()].map(([path, content]) => [path.slice(FOLDER.length + 1), content] as const);
  return Object.fromEntries(names.filter(([name]) => !name.startsWith('.') && !name.endsWith('.new')));
}

const begin = (fs: FileSystem) => FileReplacement.begin(fs, new OutputFolder(fs, FOLDER), NEW);

/** Run until the fault number `at` is reached or the work is done. */
async function untilHalted(failing: FailingFileSystem, at: number, work: () => Promise<unknown>): Promise<void> {
  let reached: () => void = () => undefined;
  const halted = new Promise<void>((resolve) => (reached = resolve));
  failing.failAt(at, { kind: 'halt', reached });
  await Promise.race([work().catch(() => undefined), halted]);
}

describe('replacing files together', () => {
  it('puts all new ones in place, and forgets the old ones when told to keep', async () => {
    const disk = diskWith(OLD);
    const replacement = await begin(disk);
    assert.deepEqual(seen(disk), AFTER);
    await replacement.keep();
    assert.deepEqual([...disk.files().keys()].sort(), Object.keys(AFTER).map((name) => `${FOLDER}/${name}`).sort()); // prettier-ignore
  });

  it('puts the old ones back exactly', async () => {
    const disk = diskWith(OLD);
    const before = disk.files();
    await (await begin(disk)).rollBack();
    assert.deepEqual(disk.files(), before);
  });

  it('killed at any call, before the new ones are kept: the next start finds the old ones', async () => {
    for (let at = 1; ; at += 1) {
      const disk = diskWith(OLD);
      const failing = new FailingFileSystem(disk);
      await untilHalted(failing, at, () => begin(failing));
      await recoverReplacement(disk, FOLDER);
      if (!failing.met) break;
      assert.deepEqual(seen(disk), OLD, `call ${at}: ${failing.log.at(-1)}`);
    }
  });

  it('a power cut after any call: the old ones, whatever part of the rest reached the disk', async () => {
    for (const survives of [() => true, () => false, (path: string) => path.includes('key')]) {
      for (let at = 1; ; at += 1) {
        const disk = diskWith(OLD);
        const failing = new FailingFileSystem(disk);
        await untilHalted(failing, at, () => begin(failing));
        const later = disk.afterPowerCut(survives);
        await recoverReplacement(later, FOLDER);
        if (!failing.met) break;
        assert.deepEqual(seen(later), OLD, `call ${at}: ${failing.log.at(-1)}`);
      }
    }
  });

  for (const [act, outcomes] of [
    ['keep', [OLD, AFTER]],
    ['rollBack', [OLD]],
  ] as const) {
    it(`killed at any call of ${act}: the old or the new state, never between`, async () => {
      for (const cut of [false, true]) {
        for (let at = 1; ; at += 1) {
          const disk = diskWith(OLD);
          const failing = new FailingFileSystem(disk);
          const replacement = await begin(failing);
          await untilHalted(failing, at, () => replacement[act]());
          const later = cut ? disk.afterPowerCut() : disk;
          await recoverReplacement(later, FOLDER);
          const found = JSON.stringify(sorted(seen(later)));
          const allowed = outcomes.map((one) => JSON.stringify(sorted(one)));
          assert.ok(allowed.includes(found), `${act}, call ${at} (${failing.log.at(-1)}): ${found}`);
          if (!failing.met) break;
        }
      }
    });
  }

  it('a call of keep that fails: what is not kept can be put back, and a power cut leaves nothing between', async () => {
    for (let at = 1; ; at += 1) {
      const disk = diskWith(OLD);
      const failing = new FailingFileSystem(disk);
      const replacement = await begin(failing);
      failing.failAt(at, { kind: 'once', errno: 'EIO' });
      const isKept = await replacement.keep().then(
        () => true,
        () => false,
      );
      const met = failing.log[at - 1];
      for (const survives of [() => true, () => false, (path: string) => !path.includes('key')]) {
        const later = disk.afterPowerCut(survives);
        await recoverReplacement(later, FOLDER);
        const found = JSON.stringify(sorted(seen(later)));
        assert.ok(
          [OLD, AFTER].map((one) => JSON.stringify(sorted(one))).includes(found),
          `call ${at} (${met}): ${found}`,
        );
      }
      if (!isKept) await replacement.rollBack();
      assert.deepEqual(seen(disk), isKept ? AFTER : OLD, `call ${at}: ${met}`);
      await (await begin(disk)).keep();
      assert.equal([...disk.files().keys()].filter((path) => path.includes('/.')).length, 0, 'no old key stays');
      if (!failing.met) break;
    }
  });

  it('a call that fails puts everything back and says why', async () => {
    for (let at = 1; ; at += 1) {
      const disk = diskWith(OLD);
      const failing = new FailingFileSystem(disk);
      failing.failAt(at, { kind: 'once', errno: 'ENOSPC' });
      const outcome = await begin(failing).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      if (!failing.met) break;
      // A list that cannot be linked is moved instead: that is no failure.
      if (outcome === 'done') continue;
      assert.match(outcome, /^STORE_/, `call ${at}: ${failing.log[at - 1]}`);
      await recoverReplacement(disk, FOLDER);
      assert.deepEqual(seen(disk), OLD, `call ${at}: ${failing.log[at - 1]}`);
    }
  });

  it('without hard links the old files are moved aside', async () => {
    const disk = diskWith(OLD);
    disk.link = (_, path) => Promise.reject(Object.assign(new Error(path), { code: 'EPERM' }));
    const replacement = await begin(disk);
    assert.deepEqual(seen(disk), AFTER);
    await replacement.rollBack();
    assert.deepEqual(seen(disk), OLD);
  });

  it('an unfinished one is put back before the next begins', async () => {
    const disk = diskWith(OLD);
    await begin(disk);
    await (await begin(disk)).rollBack();
    assert.deepEqual(seen(disk), OLD);
  });

  it('a journal that nobody can read touches nothing and says where the old files are', async () => {
    const disk = diskWith({ ...OLD, [REPLACEMENT_JOURNAL]: '{"version":1,"files":[{"name":"../x"}]}' });
    const before = disk.files();
    await rejects(() => recoverReplacement(disk, FOLDER), 'STORE_CORRUPT');
    await rejects(() => begin(disk), 'STORE_CORRUPT');
    assert.deepEqual(disk.files(), before);
    disk.put(`${FOLDER}/${REPLACEMENT_JOURNAL}`, '{"version":2,"files":[]}');
    await rejects(() => recoverReplacement(disk, FOLDER), 'STORE_VERSION');
  });

  describe('on a real disk', () => {
    const real = (folder: string, files = NEW) =>
      FileReplacement.begin(nodeFileSystem, new OutputFolder(nodeFileSystem, folder), files);

    it('the group goes on reading what it could read, and nobody else does', async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'server.key.pem'), 'old key', { mode: 0o640 });
      await (await real(folder)).keep();
      assert.equal(statSync(join(folder, 'server.key.pem')).mode & 0o777, 0o640);
      assert.equal(statSync(join(folder, 'crl.pem')).mode & 0o777, 0o644);
      assert.deepEqual(readdirSync(folder).sort(), ['crl.pem', 'server.crt.pem', 'server.key.pem']);
    });

    it('the right of one group is not given to another one', async () => {
      const folder = temporaryFolder();
      const key = join(folder, 'server.key.pem');
      writeFileSync(key, 'old key', { mode: 0o640 });
      /** The key belongs to a group that this user is no member of. */
      const fs: FileSystem = {
        ...nodeFileSystem,
        lstat: async (path) => {
          const facts = await nodeFileSystem.lstat(path);
          return path === key ? Object.assign(Object.create(facts) as typeof facts, { gid: facts.gid + 1 }) : facts;
        },
        open: async (path, flags, mode) =>
          Object.assign(await nodeFileSystem.open(path, flags, mode), {
            chown: () => Promise.reject(new Error('EPERM')),
          }),
      };
      await (await FileReplacement.begin(fs, new OutputFolder(fs, folder), NEW)).keep();
      assert.equal(statSync(key).mode & 0o777, 0o600);
    });

    it('a link that is put in the place of a new file gives nobody the file behind it', async () => {
      const folder = temporaryFolder();
      const precious = join(temporaryFolder(), 'precious');
      writeFileSync(precious, 'precious', { mode: 0o600 });
      writeFileSync(join(folder, 'server.key.pem'), 'old key', { mode: 0o660 });
      const fs: FileSystem = {
        ...nodeFileSystem,
        rename: async (from, to) => {
          await nodeFileSystem.rename(from, to);
          if (!to.endsWith('server.key.pem.new')) return;
          unlinkSync(to);
          symlinkSync(precious, to);
        },
      };
      await FileReplacement.begin(fs, new OutputFolder(fs, folder), NEW);
      assert.equal(statSync(precious).mode & 0o777, 0o600);
    });

    it('what is put back is the same file, not a copy', async () => {
      const folder = temporaryFolder();
      const path = join(folder, 'server.key.pem');
      writeFileSync(path, 'old key', { mode: 0o640 });
      const { ino } = statSync(path);
      await (await real(folder)).rollBack();
      assert.equal(statSync(path).ino, ino);
      assert.equal(readFileSync(path, 'utf8'), 'old key');
      assert.deepEqual(readdirSync(folder), ['server.key.pem']);
    });

    for (const moment of ['.json', '.previous', 'server.key.pem', 'crl.pem']) {
      it(`a folder that is exchanged for a link after it was written into, before ${moment}: nothing behind the link changes`, async () => {
        const [above, elsewhere] = [temporaryFolder(), temporaryFolder()];
        const folder = join(above, 'broker');
        mkdirSync(folder);
        for (const [name, content] of Object.entries(OLD)) writeFileSync(join(folder, name), content);
        const precious = ['server.crt.pem', 'server.key.pem', 'crl.pem', 'server.key.pem.new', 'crl.pem.new'];
        for (const name of precious) writeFileSync(join(elsewhere, name), 'precious');
        let exchanged = false;
        const exchange = (path: string) => {
          if (exchanged || !path.endsWith(moment)) return;
          exchanged = true;
          renameSync(folder, `${folder}-moved`);
          symlinkSync(elsewhere, folder);
        };
        // Just before it is looked whether the folder is the same: later only a call relative to an open folder would help.
        const fs: FileSystem = {
          ...nodeFileSystem,
          rename: (from, to) => nodeFileSystem.rename(from, to).finally(() => exchange(to)),
          link: (existing, path) => nodeFileSystem.link(existing, path).finally(() => exchange(path)),
        };
        const work = async () => {
          const replacement = await FileReplacement.begin(fs, new OutputFolder(fs, folder), NEW);
          await replacement.keep();
        };
        // Before the journal is there it is the first new file that notices, and says what it is.
        await rejects(work, moment === '.json' ? 'STORE_LINK' : 'STORE_OUTSIDE');
        assert.ok(exchanged);
        assert.deepEqual(readdirSync(elsewhere).sort(), precious.sort());
        for (const name of precious) assert.equal(readFileSync(join(elsewhere, name), 'utf8'), 'precious');
      });
    }

    it('a link in the place of a file is refused, and nothing changes', async () => {
      const folder = temporaryFolder();
      const elsewhere = join(temporaryFolder(), 'precious');
      writeFileSync(elsewhere, 'precious');
      symlinkSync(elsewhere, join(folder, 'crl.pem'));
      await rejects(() => real(folder), 'STORE_CORRUPT');
      assert.equal(readFileSync(elsewhere, 'utf8'), 'precious');
      assert.ok(!existsSync(join(folder, 'server.key.pem')));
    });
  });
});

function sorted(files: object): object {
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => a.localeCompare(b)));
}
