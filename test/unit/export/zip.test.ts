import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { publicFile, secretFile } from '../../../src/export/export-plan';
import { zipFiles } from '../../../src/export/zip';

const FILES = [
  secretFile('dev01.key.pem', 'private-key', 'a key\n'),
  publicFile('dev01.crt.pem', 'certificate', 'a certificate\n'),
  publicFile('empty', 'passwords', ''),
];

describe('zip of an export', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'zip-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('holds every file', () => {
    const entries = unzipSync(zipFiles(FILES, new Date('2026-01-02T03:04:06Z')));
    assert.deepEqual(
      Object.keys(entries),
      FILES.map(({ name }) => name),
    );
    for (const { name, content } of FILES) assert.deepEqual(Buffer.from(entries[name] ?? []), content);
  });

  it('is unpacked by unzip with the modes of the files: a key stays readable by its owner only', () => {
    const file = path.join(folder, 'export.zip');
    writeFileSync(file, zipFiles(FILES, new Date('2026-01-02T03:04:06Z')));
    execFileSync('unzip', ['-q', file, '-d', folder]);
    for (const { name, mode, content } of FILES) {
      assert.equal(statSync(path.join(folder, name)).mode & 0o777, mode, name);
      assert.deepEqual(readFileSync(path.join(folder, name)), content);
    }
  });

  it('is found sound by python', () => {
    const file = path.join(folder, 'export.zip');
    writeFileSync(file, zipFiles(FILES, new Date('2026-01-02T03:04:06Z')));
    assert.match(execFileSync('python3', ['-m', 'zipfile', '-t', file], { encoding: 'utf8' }), /Done testing/);
  });
});
