import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { der } from '../../../src/encoding/der-writer';
import { encodePem } from '../../../src/encoding/pem';
import { describeKey } from '../../../src/pki/public-key';
import { generatePrivateKey } from '../../../src/pki/key-generation';
import {
  keyBelongsTo,
  keyTypeOf,
  readPrivateKey,
  secretPrivateKeyDer,
  secretPrivateKeyPem,
} from '../../../src/pki/private-key';
import { makeRoot } from '../../support/certificates';
import { refuses } from '../../support/coded-error';
import { judge } from '../../support/openssl';
import { mutated, SeededRandom } from '../../support/seeded-random';
import { isCodedError } from '../../../src/model/errors';

const PASSPHRASE = 'Grüße 1';
const same = (a: KeyObject, b: KeyObject) => assert.ok(a.equals(b));

describe('private key', () => {
  let ec: KeyObject;
  let rsa: KeyObject;
  before(async () => {
    ec = await generatePrivateKey('ec-p384');
    rsa = await generatePrivateKey('rsa-2048');
  });

  describe('forms', () => {
    const forms: [what: string, key: () => KeyObject, write: (key: KeyObject) => string | Buffer][] = [
      ['PKCS#8 PEM', () => ec, (key) => key.export({ type: 'pkcs8', format: 'pem' })],
      ['PKCS#8 DER', () => ec, (key) => key.export({ type: 'pkcs8', format: 'der' })],
      ['PKCS#8 PEM of RSA', () => rsa, (key) => key.export({ type: 'pkcs8', format: 'pem' })],
      ['PKCS#8 DER of RSA', () => rsa, (key) => key.export({ type: 'pkcs8', format: 'der' })],
      ['PKCS#1 PEM', () => rsa, (key) => key.export({ type: 'pkcs1', format: 'pem' })],
      ['PKCS#1 DER', () => rsa, (key) => key.export({ type: 'pkcs1', format: 'der' })],
      ['SEC1 PEM', () => ec, (key) => key.export({ type: 'sec1', format: 'pem' })],
      ['SEC1 DER', () => ec, (key) => key.export({ type: 'sec1', format: 'der' })],
    ];
    for (const [what, key, write] of forms) {
      it(`reads ${what}, also with a passphrase that is not needed`, () => {
        same(readPrivateKey(write(key())), key());
        same(readPrivateKey(Buffer.from(write(key()))), key());
        same(readPrivateKey(write(key()), 'not needed'), key());
      });
    }

    const ciphers = ['aes-128-cbc', 'aes-256-cbc', 'des-ede3-cbc'];
    const encrypted: [what: string, key: () => KeyObject, write: (key: KeyObject) => string | Buffer][] = [
      ...ciphers.flatMap((cipher): typeof encrypted => [
        [
          `PKCS#8 PEM, ${cipher}`,
          () => ec,
          (key) => key.export({ type: 'pkcs8', format: 'pem', cipher, passphrase: PASSPHRASE }),
        ],
        [
          `PKCS#8 DER, ${cipher}`,
          () => rsa,
          (key) => key.export({ type: 'pkcs8', format: 'der', cipher, passphrase: PASSPHRASE }),
        ],
        [
          `PKCS#1 PEM, ${cipher}`,
          () => rsa,
          (key) => key.export({ type: 'pkcs1', format: 'pem', cipher, passphrase: PASSPHRASE }),
        ],
        [
          `SEC1 PEM, ${cipher}`,
          () => ec,
          (key) => key.export({ type: 'sec1', format: 'pem', cipher, passphrase: PASSPHRASE }),
        ],
      ]),
    ];
    for (const [what, key, write] of encrypted) {
      it(`opens ${what} with its passphrase and tells none from wrong`, () => {
        const bytes = write(key());
        same(readPrivateKey(bytes, PASSPHRASE), key());
        refuses(() => readPrivateKey(bytes), 'KEY_ENCRYPTED');
        refuses(() => readPrivateKey(bytes, ''), 'KEY_ENCRYPTED');
        for (let round = 0; round < 20; round++) {
          refuses(() => readPrivateKey(bytes, `wrong ${round}`), 'KEY_PASSPHRASE_WRONG');
        }
        refuses(() => readPrivateKey(bytes, 'x'.repeat(5000)), 'KEY_PASSPHRASE_WRONG');
      });
    }

    it('opens what openssl encrypts with scrypt, with old SHA-1 rounds, and in CR LF', () => {
      const pem = secretPrivateKeyPem(ec);
      for (const args of [
        ['-scrypt'],
        ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA1'],
        ['-v2', 'aes-192-cbc', '-iter', '10000'],
      ]) {
        const result = judge('openssl', ['pkcs8', '-topk8', '-in', 'k.pem', '-passout', 'pass:secret', ...args], {
          'k.pem': pem,
        });
        same(readPrivateKey(result.stdout, 'secret'), ec);
        same(readPrivateKey(result.stdout.toString().replaceAll('\n', '\r\n'), 'secret'), ec);
        refuses(() => readPrivateKey(result.stdout, 'wrong'), 'KEY_PASSPHRASE_WRONG');
      }
    });

    it('takes the key of a PEM that also holds certificates and curve parameters', async () => {
      const root = await makeRoot();
      const parameters = judge('openssl', ['ecparam', '-name', 'prime256v1', '-genkey']).stdout.toString();
      assert.match(parameters, /BEGIN EC PARAMETERS/);
      assert.equal(keyTypeOf(readPrivateKey(parameters)), 'ec-p256');
      same(readPrivateKey(root.certificate.pem + secretPrivateKeyPem(root.privateKey)), root.privateKey);
      assert.ok(keyBelongsTo(root.privateKey, root.certificate));
      assert.ok(!keyBelongsTo(ec, root.certificate));
    });
  });

  describe('refusals', () => {
    it('two keys in one PEM', () => {
      refuses(() => readPrivateKey(secretPrivateKeyPem(ec) + secretPrivateKeyPem(rsa)), 'PEM_TOO_MANY', /found 2/);
    });

    it('a certificate, a public key, text, nothing', async () => {
      const { certificate, privateKey } = await makeRoot();
      refuses(() => readPrivateKey(certificate.pem), 'PEM_WRONG_LABEL', /this is a certificate/);
      refuses(() => readPrivateKey(certificate.der), 'KEY_MALFORMED', /this is a certificate/);
      const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
      refuses(() => readPrivateKey(publicPem as string), 'PEM_WRONG_LABEL', /public key/);
      refuses(() => readPrivateKey('hello'), 'PEM_NO_BLOCK');
      refuses(() => readPrivateKey(''), 'PEM_NO_BLOCK');
      refuses(() => readPrivateKey(Buffer.alloc(0)), 'PEM_NO_BLOCK');
      refuses(() => readPrivateKey(Buffer.from('3000', 'hex')), 'KEY_MALFORMED');
    });

    it('kinds that TLS cannot use', () => {
      const x25519 = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
      refuses(() => readPrivateKey(x25519), 'KEY_UNSUPPORTED', /x25519/);
      const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey;
      refuses(() => readPrivateKey(dsa.export({ type: 'pkcs8', format: 'pem' })), 'KEY_UNSUPPORTED', /dsa/);
      refuses(() => readPrivateKey(encodePem('OPENSSH PRIVATE KEY', Buffer.alloc(8))), 'KEY_UNSUPPORTED', /OpenSSH/);
      refuses(() => readPrivateKey(encodePem('DSA PRIVATE KEY', Buffer.alloc(8))), 'KEY_UNSUPPORTED', /DSA/);
      const explicit = judge('openssl', [
        'ecparam',
        '-name',
        'prime256v1',
        '-param_enc',
        'explicit',
        '-genkey',
        '-noout',
      ]).stdout;
      refuses(() => readPrivateKey(explicit), 'KEY_UNSUPPORTED', /explicit/);
    });

    it('old schemes that OpenSSL 3 refuses, by name and not as a wrong passphrase', () => {
      const args = ['pkcs8', '-topk8', '-in', 'k.pem', '-passout', 'pass:secret', '-v1', 'PBE-SHA1-3DES'];
      const { stdout } = judge('openssl', args, { 'k.pem': secretPrivateKeyPem(ec) });
      refuses(() => readPrivateKey(stdout, 'secret'), 'KEY_UNSUPPORTED', /old scheme 1\.2\.840\.113549\.1\.12\.1\.3/);
      const des = rsa.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' }) as string;
      refuses(() => readPrivateKey(des.replace('AES-128-CBC', 'DES-CBC'), 'x'), 'KEY_UNSUPPORTED', /DES-CBC/);
    });

    /** PBES2 with AES-256-CBC and this key derivation. */
    const pbes2 = (derivation: Buffer) =>
      der.sequence(
        der.sequence(
          der.oid('1.2.840.113549.1.5.13'),
          der.sequence(derivation, der.sequence(der.oid('2.16.840.1.101.3.4.1.42'), der.octetString(Buffer.alloc(16)))),
        ),
        der.octetString(Buffer.alloc(32)),
      );
    const salt = der.octetString(Buffer.alloc(8));
    const pbkdf2 = (...rest: Buffer[]) => der.sequence(der.oid('1.2.840.113549.1.5.12'), der.sequence(salt, ...rest));
    const scrypt = (...cost: number[]) =>
      der.sequence(der.oid('1.3.6.1.4.1.11591.4.11'), der.sequence(salt, ...cost.map((value) => der.integer(value))));
    const hostile: [what: string, derivation: Buffer, words: RegExp][] = [
      ['two thousand million rounds, half an hour of work', pbkdf2(der.integer(2 ** 31)), /2147483648 rounds/],
      ['two million and one rounds', pbkdf2(der.integer(2_000_001)), /2000001 rounds/],
      ['no rounds', pbkdf2(der.integer(0)), /0 rounds/],
      [
        'an unknown function',
        pbkdf2(der.integer(1), der.sequence(der.oid('1.2.3'), der.nullValue())),
        /function 1\.2\.3/,
      ],
      ['a gigabyte of scrypt', scrypt(2 ** 20, 8, 1), /scrypt in \d+ bytes/],
      ['an unknown derivation', der.sequence(der.oid('1.2.3'), der.nullValue()), /derivation 1\.2\.3/],
    ];
    for (const [what, derivation, words] of hostile) {
      it(`${what}`, () => {
        refuses(() => readPrivateKey(pbes2(derivation), 'x'), 'KEY_UNSUPPORTED', words);
      });
    }

    it('a minute of scrypt in little memory', () => {
      refuses(() => readPrivateKey(pbes2(scrypt(2 ** 14, 8, 1000)), 'x'), 'KEY_UNSUPPORTED', /of 131072000 blocks/);
    });

    it('a key whose halves do not fit', () => {
      const bytes = secretPrivateKeyDer(ec);
      const publicHalf = secretPrivateKeyDer(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey).subarray(
        -96,
      );
      const broken = Buffer.concat([bytes.subarray(0, -96), publicHalf]);
      refuses(() => readPrivateKey(broken), 'KEY_MALFORMED');
    });

    it('never repeats a passphrase or key', () => {
      const pem = secretPrivateKeyPem(rsa, 'canary-passphrase');
      const error = refuses(() => readPrivateKey(pem, 'canary-wrong'), 'KEY_PASSPHRASE_WRONG');
      assert.doesNotMatch(JSON.stringify([error.message, error.hint, error.cause, error.stack]), /canary/);
    });

    it('3,000 mutated keys end in a key that works or a coded error', () => {
      const random = new SeededRandom(4);
      const originals = [
        secretPrivateKeyDer(ec),
        ec.export({ type: 'sec1', format: 'der' }),
        Buffer.from(secretPrivateKeyPem(ec)),
        ec.export({ type: 'pkcs8', format: 'der', cipher: 'aes-128-cbc', passphrase: 'x' }),
      ];
      for (let round = 0; round < 3000; round++) {
        const input = mutated(originals[round % originals.length] as Buffer, random);
        try {
          describeKey(readPrivateKey(input, 'x'));
        } catch (error) {
          if (!isCodedError(error)) throw error;
        }
      }
    });
  });

  describe('writing', () => {
    it('PKCS#8 in clear, LF and a final newline; empty passphrase is none', () => {
      for (const pem of [secretPrivateKeyPem(ec), secretPrivateKeyPem(ec, '')]) {
        assert.match(pem, /^-----BEGIN PRIVATE KEY-----\n[^\r]*-----END PRIVATE KEY-----\n$/);
      }
      same(readPrivateKey(secretPrivateKeyDer(rsa)), rsa);
    });

    it('PBES2 with AES-256-CBC, which openssl opens', () => {
      const pem = secretPrivateKeyPem(rsa, 'secret');
      assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
      const parsed = judge('openssl', ['asn1parse', '-in', 'k.pem'], { 'k.pem': pem }).output;
      for (const part of ['PBES2', 'PBKDF2', 'aes-256-cbc', 'hmacWithSHA256']) assert.match(parsed, new RegExp(part));
      const opened = judge('openssl', ['pkey', '-in', 'k.pem', '-passin', 'pass:secret'], { 'k.pem': pem });
      assert.equal(opened.stdout.toString(), secretPrivateKeyPem(rsa));
    });

    it('refuses a passphrase beyond what OpenSSL reads back', () => {
      same(readPrivateKey(secretPrivateKeyPem(ec, 'x'.repeat(1024)), 'x'.repeat(1024)), ec);
      refuses(() => secretPrivateKeyPem(ec, 'x'.repeat(1025)), 'INPUT_PASSPHRASE');
    });
  });

  it('tells the kinds the CA issues for from those it does not', () => {
    assert.equal(keyTypeOf(ec), 'ec-p384');
    assert.equal(keyTypeOf(createPublicKey(rsa)), 'rsa-2048');
    const others: [key: KeyObject, description: string][] = [
      [generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'rsa-1024'],
      [generateKeyPairSync('ed25519').privateKey, 'ed25519'],
      [generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey, 'ec-p521'],
    ];
    for (const [key, description] of others) {
      assert.equal(describeKey(key), description);
      refuses(() => keyTypeOf(key), 'KEY_UNSUPPORTED', new RegExp(description));
      same(readPrivateKey(secretPrivateKeyPem(key)), key);
    }
  });
});
