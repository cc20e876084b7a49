import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mosquittoPasswords } from '../../../src/export/mosquitto-passwords';

const LINE = /^([^:\n]+):\$7\$(\d+)\$([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*)\n$/;

describe('password file of Mosquitto', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'passwd-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is empty without users', async () => assert.equal(await mosquittoPasswords([], randomBytes), ''));

  it('has the shape of what mosquitto_passwd writes: the same fields with the same sizes', async () => {
    const file = path.join(folder, 'passwd');
    execFileSync('mosquitto_passwd', ['-c', '-b', file, 'dev02', 'secret'], { stdio: 'ignore' });
    const theirs = LINE.exec(readFileSync(file, 'utf8'));
    const ours = LINE.exec(await mosquittoPasswords([user('dev02', 'secret')], randomBytes));
    assert.ok(theirs && ours);
    assert.equal(ours[1], theirs[1]);
    for (const field of [3, 4]) assert.equal(ours[field]?.length, theirs[field]?.length);
    const [, , iterations, salt, hash] = theirs;
    // Our reading of the fields is right when it gives their hash from their salt.
    const derived = pbkdf2Sync('secret', Buffer.from(salt ?? '', 'base64'), Number(iterations), 64, 'sha512');
    assert.equal(derived.toString('base64'), hash);
  });

  it('salts every user anew', async () => {
    const lines = (await mosquittoPasswords([user('a', 'same'), user('b', 'same')], randomBytes)).trim().split('\n');
    assert.notEqual(lines[0]?.split('$')[4], lines[1]?.split('$')[4]);
  });

  it('is taken over by mosquitto_passwd when it adds a user', async () => {
    const file = path.join(folder, 'passwd');
    const ours = await mosquittoPasswords([user('dev01', 'p1')], randomBytes);
    writeFileSync(file, ours);
    execFileSync('mosquitto_passwd', ['-b', file, 'dev02', 'p2'], { stdio: 'ignore' });
    assert.ok(readFileSync(file, 'utf8').startsWith(ours.trimEnd()));
  });
});

function user(name: string, secretPassword: string) {
  return { name, secretPassword, topics: [] };
}
