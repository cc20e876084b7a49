import assert from 'node:assert/strict';
import { readTar, readTarInTurns, tarSize, writeTar, writeTarInTurns } from '../../../src/encoding/tar';
import { refuses, rejects } from '../../support/coded-error';
import { judge } from '../../support/openssl';

const FILES = [
  { name: 'ca.pem', mode: 0o644, content: Buffer.from('certificate') },
  { name: 'private/ca.key.pem', mode: 0o600, content: Buffer.alloc(1024, 'k') },
  { name: 'index.txt', mode: 0o644, content: Buffer.alloc(0) },
];
const LIMITS = { maxFiles: 10 };

describe('a tar archive', () => {
  const archive = writeTar(FILES, new Date('2026-01-02T03:04:05Z'));

  it('comes back as it was', () => assert.deepEqual(readTar(archive, LIMITS), FILES));

  it('of many files is made and read in turns, and is as large as told before', async () => {
    const files = Array.from({ length: 2500 }, (_, index) => {
      return { name: `certs/${index}.pem`, mode: 0o644, content: Buffer.alloc(index % 1030, 'c') };
    });
    const others: string[] = [];
    const made = writeTarInTurns(files, new Date(0)).finally(() => others.push('made'));
    setImmediate(() => others.push('somebody else'));
    const many = await made;
    assert.deepEqual(others, ['somebody else', 'made']);
    assert.equal(many.length, tarSize(files));
    assert.deepEqual(many, writeTar(files, new Date(0)));
    assert.deepEqual(await readTarInTurns(many, { maxFiles: 2500 }), files);
    await rejects(() => readTarInTurns(many, { maxFiles: 2499 }), 'STORE_CORRUPT', /too many/);
  });

  it('is read by tar, with modes and times', () => {
    const { stdout } = judge('tar', ['--utc', '-tvf', 'a.tar'], { 'a.tar': archive });
    const lines = stdout.toString().trim().split('\n');
    assert.match(lines[1] ?? '', /^-rw------- .* 1024 2026-01-02 03:04 private\/ca\.key\.pem$/);
    assert.equal(lines.length, 3);
  });

  it('of tar is read here', () => {
    const { stdout } = judge('tar', ['--format=ustar', '-cf', '-', 'ca.pem'], { 'ca.pem': 'certificate' });
    assert.deepEqual(
      readTar(stdout, LIMITS).map(({ name, content }) => [name, String(content)]),
      [['ca.pem', 'certificate']],
    );
  });

  it('is refused when it leads out, holds a link, is damaged or cut off', () => {
    for (const name of ['../ca.pem', '/etc/passwd', 'a/../b', '.hidden', 'a//b', 'ü']) {
      refuses(() => writeTar([{ name, mode: 0o644, content: Buffer.alloc(0) }], new Date(0)), 'STORE_CORRUPT');
      const forged = judge('tar', ['--format=ustar', '-P', '-cf', '-', `--transform=s|.*|${name}|`, 'x'], {
        x: 'x',
      }).stdout;
      refuses(() => readTar(forged, LIMITS), 'STORE_CORRUPT');
    }
    const link = judge('sh', ['-c', 'ln -s /etc/passwd ca.pem && tar --format=ustar -cf - ca.pem']).stdout;
    refuses(() => readTar(link, LIMITS), 'STORE_CORRUPT', /plain files/);
    refuses(() => readTar(archive.subarray(0, 700), LIMITS), 'STORE_CORRUPT');
    refuses(() => readTar(Buffer.alloc(0), LIMITS), 'STORE_CORRUPT');
    const damaged = Buffer.from(archive);
    damaged[3] = 0x41;
    refuses(() => readTar(damaged, LIMITS), 'STORE_CORRUPT', /header is damaged/);
    refuses(() => readTar(archive, { maxFiles: 2 }), 'STORE_CORRUPT', /too many/);
    refuses(
      () => writeTar(FILES, new Date(0)) && readTar(Buffer.concat([archive.subarray(0, 1024), archive]), LIMITS),
      'STORE_CORRUPT',
      /twice/,
    );
  });
});
