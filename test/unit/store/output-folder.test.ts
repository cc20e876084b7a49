import assert from 'node:assert/strict';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import { EXPORT_LOCK } from '../../../src/store/lock-kind';
import { nodeFileSystem } from '../../../src/store/file-system';
import { OutputFolder } from '../../../src/store/output-folder';
import type { ProcessTable } from '../../../src/store/process-identity';
import { rejects } from '../../support/coded-error';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { temporaryFolder } from '../../support/temporary-folder';
import { authorityOptions } from '../../support/test-authority';

const SECRET = { mode: 0o600 };

const HOSTILE_NAMES: unknown[] = [
  '',
  '.',
  '..',
  '../outside',
  'sub/../../outside',
  '/etc/passwd',
  'a//b',
  'sub/',
  'C:\\windows',
  'a\\b',
  'a:stream',
  'nul\0byte',
  'line\nbreak',
  'CON',
  'con.txt',
  'nul.pem',
  'COM1',
  'lpt9.crt.pem',
  'trailing.',
  'trailing ',
  'what?',
  'x'.repeat(300),
  'ü'.repeat(128),
  7,
  null,
  undefined,
  ['a'],
];

describe('an output folder', () => {
  it('is made, and its files have the modes asked for', async () => {
    const path = join(temporaryFolder(), 'export', 'broker');
    const folder = new OutputFolder(nodeFileSystem, path);
    assert.equal(await folder.write('server.key.pem', 'key', SECRET), join(path, 'server.key.pem'));
    await folder.write('ca.pem', Buffer.from('certificate'), { mode: 0o644 });
    await folder.write('data/ca.pem', 'certificate', { mode: 0o644 });
    assert.equal(statSync(join(path, 'server.key.pem')).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(path, 'data/ca.pem'), 'utf8'), 'certificate');
    assert.deepEqual(readdirSync(path).sort(), ['ca.pem', 'data', 'server.key.pem']);
  });

  for (const [umask, modes] of [
    [0o000, { folder: 0o755, secret: 0o600, readable: 0o644 }],
    [0o077, { folder: 0o700, secret: 0o600, readable: 0o600 }],
  ] as const) {
    it(`never gives more than asked for, and no more than umask ${umask.toString(8).padStart(3, '0')} allows`, async () => {
      const path = join(temporaryFolder(), 'broker');
      const before = process.umask(umask);
      try {
        const folder = new OutputFolder(nodeFileSystem, path);
        await folder.write('server.key.pem', 'key', SECRET);
        await folder.write('ca.pem', 'certificate', { mode: 0o644 });
      } finally {
        process.umask(before);
      }
      const modeOf = (name: string) => statSync(join(path, name)).mode & 0o777;
      assert.deepEqual({ folder: modeOf('.'), secret: modeOf('server.key.pem'), readable: modeOf('ca.pem') }, modes);
    });
  }

  it('replaces its own files, and a readable one by a secret one', async () => {
    const path = temporaryFolder();
    const folder = new OutputFolder(nodeFileSystem, path);
    writeFileSync(join(path, 'key.pem'), 'old', { mode: 0o644 });
    await folder.write('key.pem', 'new', SECRET);
    assert.equal(readFileSync(join(path, 'key.pem'), 'utf8'), 'new');
    assert.equal(statSync(join(path, 'key.pem')).mode & 0o777, 0o600);
  });

  for (const name of HOSTILE_NAMES) {
    it(`refuses the name ${JSON.stringify(name)?.slice(0, 40)}`, async () => {
      const above = temporaryFolder();
      const folder = new OutputFolder(nodeFileSystem, join(above, 'out'));
      await rejects(() => folder.write(name as string, 'x', SECRET), 'INPUT_FOLDER');
      assert.deepEqual(readdirSync(above), []);
    });
  }

  it('accepts names of people', async () => {
    const folder = new OutputFolder(nodeFileSystem, temporaryFolder());
    for (const name of ['Gerät 1.crt.pem', 'dev (copy).pem', 'console.pem', '.hidden', 'ü'.repeat(127)]) {
      assert.ok(existsSync(await folder.write(name, 'x', SECRET)));
    }
  });

  const links: { name: string; prepare: (out: string, target: string) => void; write: string }[] = [
    {
      name: 'a link in the place of the file',
      prepare: (out, target) => symlinkSync(target, join(out, 'ca.pem')),
      write: 'ca.pem',
    },
    {
      name: 'a link to nowhere in the place of the file',
      prepare: (out) => symlinkSync('/nowhere/at/all', join(out, 'ca.pem')),
      write: 'ca.pem',
    },
    {
      name: 'a link in the place of a folder inside',
      prepare: (out, target) => symlinkSync(target, join(out, 'data')),
      write: 'data/ca.pem',
    },
  ];
  for (const { name, prepare, write } of links) {
    it(`does not write through ${name}`, async () => {
      const out = temporaryFolder();
      const target = temporaryFolder();
      prepare(out, target);
      await rejects(() => new OutputFolder(nodeFileSystem, out).write(write, 'x', SECRET), 'STORE_LINK');
      assert.deepEqual(readdirSync(target), []);
    });
  }

  it('is no link itself, nor is anything between it and its base', async () => {
    const base = temporaryFolder();
    const target = temporaryFolder();
    symlinkSync(target, join(base, 'out'));
    await rejects(() => new OutputFolder(nodeFileSystem, join(base, 'out')).write('a', 'x', SECRET), 'STORE_LINK');
    const below = new OutputFolder(nodeFileSystem, join(base, 'out', 'deep'), base);
    await rejects(() => below.write('a', 'x', SECRET), 'STORE_LINK');
    assert.deepEqual(readdirSync(target), []);
  });

  it('may lie in a base behind a link', async () => {
    const real = temporaryFolder();
    const base = join(temporaryFolder(), 'user');
    symlinkSync(real, base);
    await new OutputFolder(nodeFileSystem, join(base, 'out'), base).write('a', 'x', SECRET);
    assert.equal(readFileSync(join(real, 'out', 'a'), 'utf8'), 'x');
  });

  it('removes what a killed process left half written, and nothing that somebody else is writing', async () => {
    const out = temporaryFolder();
    const place = join(out, 'data');
    mkdirSync(place);
    const [abandoned, living] = ['.0123456789abcdef.tmp', '.fedcba9876543210.tmp'];
    const [foreign, longAgo] = ['.key.tmp', new Date(Date.now() - 11 * 60_000)];
    for (const name of [abandoned, living, foreign]) writeFileSync(join(place, name), 'key');
    for (const name of [abandoned, foreign]) utimesSync(join(place, name), longAgo, longAgo);
    await new OutputFolder(nodeFileSystem, out).write('data/ca.pem', 'x', SECRET);
    assert.deepEqual(readdirSync(place).sort(), [living, foreign, 'ca.pem'].sort());
  });

  it('leaves the other names of a file that it replaces alone', async () => {
    const [out, elsewhere] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(elsewhere, 'precious'), 'precious');
    linkSync(join(elsewhere, 'precious'), join(out, 'ca.pem'));
    await new OutputFolder(nodeFileSystem, out).write('ca.pem', 'x', SECRET);
    assert.equal(readFileSync(join(elsewhere, 'precious'), 'utf8'), 'precious');
    assert.equal(readFileSync(join(out, 'ca.pem'), 'utf8'), 'x');
  });

  it('does not replace a folder by a file', async () => {
    const out = temporaryFolder();
    mkdirSync(join(out, 'ca.pem'));
    await rejects(() => new OutputFolder(nodeFileSystem, out).write('ca.pem', 'x', SECRET), 'STORE_CORRUPT');
  });

  it('notices that a folder became a link after it was looked at', async () => {
    const out = temporaryFolder();
    const target = temporaryFolder();
    mkdirSync(join(out, 'data'));
    const exchanging = {
      ...nodeFileSystem,
      open: async (path: string, flags: string, mode?: number) => {
        if (flags === 'wx') {
          await nodeFileSystem.rename(join(out, 'data'), join(out, 'moved'));
          symlinkSync(target, join(out, 'data'));
        }
        return nodeFileSystem.open(path, flags, mode);
      },
    };
    await rejects(() => new OutputFolder(exchanging, out).write('data/ca.pem', 'x', SECRET), 'STORE_OUTSIDE');
    assert.deepEqual(readdirSync(target), []);
  });

  it('is not the folder of a CA, nor in one, also of another Node-RED and by another way', async () => {
    const [userDir, elsewhere] = [temporaryFolder(), temporaryFolder()];
    await (await acquireAuthority(authorityOptions({ userDir }))).release();
    symlinkSync(userDir, join(elsewhere, 'way'));
    const before = readFileSync(join(userDir, 'pki/ca/ca.pem'));
    for (const path of ['pki/ca', 'pki/ca/certs', 'pki/ca/new']) {
      const output = new OutputFolder(nodeFileSystem, join(elsewhere, 'way', path));
      await rejects(() => output.alone(() => output.write('ca.pem', 'x', SECRET)), 'INPUT_FOLDER', /files of a CA/);
    }
    assert.deepEqual(readFileSync(join(userDir, 'pki/ca/ca.pem')), before);
    assert.ok(!existsSync(join(userDir, 'pki/ca/new')));
    const beside = new OutputFolder(nodeFileSystem, join(elsewhere, 'way', 'pki/export'));
    await beside.alone(() => beside.write('ca.pem', 'x', SECRET));
  });

  describe('in which two processes write', () => {
    const processAt = (pid: number, others: 'alive' | 'dead' | 'unknown'): ProcessTable => ({
      self: () => ({ host: 'here', bootId: 'boot', pidNamespace: '', pid, startTime: String(pid) }),
      stateOf: (other) => (other.pid === pid ? 'alive' : others),
    });
    function twoFolders(others: 'alive' | 'dead' | 'unknown') {
      const [fs, clock] = [new MemoryDisk(), new MemoryClock()];
      fs.put('/user/there', '');
      const at = (pid: number) =>
        new OutputFolder(fs, '/user/out', '/user', { clock, processes: processAt(pid, others) });
      return { fs, clock, first: at(1), second: at(2) };
    }

    it('lets one wait for the other, and leaves nothing of it', async () => {
      const { fs, clock, first, second } = twoFolders('alive');
      const steps: string[] = [];
      let finish: () => void = () => undefined;
      const busy = new Promise<void>((resolve) => (finish = resolve));
      let begun: () => void = () => undefined;
      const started = new Promise<void>((resolve) => (begun = resolve));
      const one = first.alone(async () => {
        begun();
        await busy;
        steps.push('first');
      });
      await started;
      const two = second.alone(async () => steps.push('second'));
      await clock.advance(2_000);
      assert.deepEqual(steps, []);
      finish();
      await one;
      await clock.advance(1_000);
      await two;
      assert.deepEqual(steps, ['first', 'second']);
      assert.deepEqual([...fs.files().keys()], ['/user/there']);
    });

    it('does not let one wait for ever, and names the other', async () => {
      const { clock, first, second } = twoFolders('alive');
      let finish: () => void = () => undefined;
      let begun: () => void = () => undefined;
      const started = new Promise<void>((resolve) => (begun = resolve));
      const one = first.alone(() => {
        begun();
        return new Promise<void>((resolve) => (finish = resolve));
      });
      await started;
      const two = second.alone(() => Promise.resolve());
      two.catch(() => undefined);
      await clock.advance(62_000);
      await rejects(() => two, 'STORE_LOCKED', /process 1 on here is writing into the export folder/);
      finish();
      await one;
    });

    it('lets one who slept too long notice that the other has taken over', async () => {
      const { fs, first, second } = twoFolders('dead');
      await first.alone(async () => {
        await second.alone(() => second.write('server.key.pem', 'key of the second', SECRET));
        await rejects(() => first.stillThere(), 'STORE_LOCKED');
      });
      assert.deepEqual([...fs.files().keys()], ['/user/there', '/user/out/server.key.pem']);
    });

    it('does not follow a link in the place of the lock', async () => {
      const [out, elsewhere] = [temporaryFolder(), temporaryFolder()];
      writeFileSync(join(elsewhere, 'precious'), 'precious');
      symlinkSync(join(elsewhere, 'precious'), join(out, EXPORT_LOCK.name));
      await rejects(() => new OutputFolder(nodeFileSystem, out).alone(() => Promise.resolve()), 'STORE_LINK');
      assert.equal(readFileSync(join(elsewhere, 'precious'), 'utf8'), 'precious');
    });
  });
});
