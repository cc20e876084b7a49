import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cHeader, cPemLiteral } from '../../src/encoding/c-header';
import { Canaries } from '../support/canary';

const PASSPHRASE = 'Canary "42" für Gäste?';

/** The tool itself must see, or every test that uses it passes for nothing. */
describe('canary tool', () => {
  const canaries = new Canaries().addText('passphrase', PASSPHRASE);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  const forms: [form: string, hidden: string | Buffer][] = [
    ['in clear', `user=x pass=${PASSPHRASE};`],
    ['escaped in JSON', JSON.stringify({ a: PASSPHRASE })],
    ['in a URL', `https://x/?p=${encodeURIComponent(PASSPHRASE)}`],
    ['as hex', Buffer.from(PASSPHRASE).toString('hex')],
    ['as capital hex with colons', Buffer.from(PASSPHRASE).toString('hex').toUpperCase().replace(/..(?=.)/g, '$&:')], // prettier-ignore
    ['as base64', base64(PASSPHRASE)],
    ['inside base64 at the second octet', base64(`x${PASSPHRASE}yz`)],
    ['inside base64 at the third octet', base64(`xy${PASSPHRASE}z`)],
    ['inside base64 with line breaks', base64(`user:${PASSPHRASE}`).replace(/.{8}/g, '$&\n')],
    ['as base64url', Buffer.from(`u:${PASSPHRASE}`).toString('base64url')],
    ['in UTF-16', Buffer.from(`a${PASSPHRASE}`, 'utf16le')],
  ];
  for (const [form, hidden] of forms) {
    it(`sees a passphrase ${form}`, () => assert.notEqual(canaries.search('here', hidden).length, 0));
  }

  it('sees nothing where there is nothing', () => assert.deepEqual(canaries.search('here', 'Canary 43'), []));

  for (const [type, options] of [
    ['ec', { namedCurve: 'P-256' }],
    ['rsa', { modulusLength: 2048 }],
  ] as const) {
    const { privateKey, publicKey } = generateKeyPairSync(type as 'ec', options as { namedCurve: string });
    const keys = new Canaries().addKey('key', privateKey);
    const inner = type === 'ec' ? 'sec1' : ('pkcs1' as const);

    it(`sees a private ${type} key in every container that is not encrypted`, () => {
      const containers = [
        privateKey.export({ format: 'pem', type: 'pkcs8' }),
        privateKey.export({ format: 'der', type: 'pkcs8' }),
        privateKey.export({ format: 'pem', type: inner as 'sec1' }),
        JSON.stringify(privateKey.export({ format: 'jwk' })),
        JSON.stringify({ pem: privateKey.export({ format: 'pem', type: 'pkcs8' }) }),
        (privateKey.export({ format: 'der', type: 'pkcs8' }) as Buffer).toString('hex'),
        cHeader('key.der', privateKey.export({ format: 'der', type: 'pkcs8' })),
        cPemLiteral('key.pem', privateKey.export({ format: 'pem', type: 'pkcs8' }) as string),
      ];
      for (const container of containers) assert.notEqual(keys.search('here', container).length, 0);
    });

    it(`sees no private ${type} key in its encrypted form or in the public key`, () => {
      const encrypted = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' });
      assert.deepEqual(keys.search('here', encrypted), []);
      assert.deepEqual(keys.search('here', publicKey.export({ format: 'pem', type: 'spki' })), []);
    });

    it(`sees a private ${type} key object in a message`, () => {
      assert.notEqual(keys.searchValue('msg', { payload: { deep: [{ privateKey }] } }).length, 0);
    });
  }

  it('looks into errors, buffers, property names and round trips of a message', () => {
    const cause = Object.assign(new Error('x'), { cause: { fact: PASSPHRASE } });
    const round: Record<string, unknown> = { error: cause };
    round.self = round;
    assert.notEqual(canaries.searchValue('msg', round).length, 0);
    assert.notEqual(canaries.searchValue('msg', { a: Buffer.from(PASSPHRASE) }).length, 0);
    assert.notEqual(canaries.searchValue('msg', { [PASSPHRASE]: 1 }).length, 0);
    assert.deepEqual(canaries.searchValue('msg', { self: round.self === round }), []);
  });

  it('looks into files and their names', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'canary-'));
    mkdirSync(path.join(folder, 'deep'));
    writeFileSync(path.join(folder, 'deep', 'log'), `pass ${PASSPHRASE}`);
    assert.equal(canaries.searchFolder(folder).length, 1);
    assert.deepEqual(canaries.searchFolder(folder, (name) => name === path.join('deep', 'log')), []); // prettier-ignore
    rmSync(folder, { recursive: true });
  });
});
