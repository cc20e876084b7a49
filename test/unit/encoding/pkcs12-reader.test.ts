import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { der } from '../../../src/encoding/der-writer';
import { encrypt3Des, encryptAes } from '../../../src/encoding/pkcs12-encryption';
import { OID } from '../../../src/encoding/pkcs12-identifiers';
import { openPkcs12 } from '../../../src/encoding/pkcs12-reader';
import { isCodedError, type ErrorCode } from '../../../src/model/errors';
import { readPkcs12 } from '../../../src/pki/pkcs12';
import { secretPrivateKeyDer } from '../../../src/pki/private-key';
import { makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { rejects } from '../../support/coded-error';
import { PASSPHRASE, RawPkcs12, toBer } from '../../support/raw-pkcs12';
import { mutated, SeededRandom } from '../../support/seeded-random';

const raw = new RawPkcs12();

describe('PKCS#12 reader', () => {
  let root: KeyedCertificate;
  let intermediate: KeyedCertificate;
  let leaf: KeyedCertificate;
  before(async () => {
    root = await makeRoot();
    intermediate = await makeIntermediate(root);
    leaf = await makeLeaf(intermediate, { profile: 'device', commonName: 'dev01', names: [] });
  });
  const usual = (old = false) => raw.usual(leaf, [intermediate, root], old);

  describe('forms', () => {
    const forms: [what: string, make: () => Promise<Buffer>, weaknesses: string[]][] = [
      ['AES, MAC with SHA-256', async () => raw.file(await usual()), []],
      ['3DES, MAC with SHA-1', async () => raw.file(await usual(true), 'sha1'), ['3DES']],
      ['without MAC', async () => raw.file(await usual(), 'none'), ['no MAC']],
      ['PBMAC1', async () => usual().then((contents) => raw.file(contents, raw.pbmac1(contents))), []],
      ['indefinite lengths and strings in pieces', async () => toBer(await raw.file(await usual())), []],
      ['BER inside, too', async () => raw.file(toBer(await usual())), []],
      [
        'BER inside what is encrypted',
        async () => {
          const certificates = der.sequence(...[leaf, intermediate, root].map((one) => raw.certificateBag(one)));
          const key = await raw.keyBag(secretPrivateKeyDer(leaf.privateKey));
          return raw.file(der.sequence(raw.data(key), await raw.encrypted(toBer(certificates))));
        },
        [],
      ],
      [
        'an unencrypted key and nested contents',
        async () => {
          const key = raw.bag(OID.keyBag, secretPrivateKeyDer(leaf.privateKey));
          const nested = raw.bag(OID.safeContentsBag, der.sequence(key, raw.certificateBag(leaf)));
          const others = [intermediate, root].map((one) => raw.certificateBag(one));
          return raw.file(der.sequence(raw.data(nested, ...others)));
        },
        [],
      ],
      [
        'bags and attributes of other programs are passed over',
        async () => {
          const odd = [
            der.sequence(der.oid(OID.friendlyName), der.set(der.utf8String('no BMPString'))),
            der.sequence(der.oid(OID.friendlyName), der.set()),
            der.sequence(der.oid(OID.friendlyName), der.set(der.element(0x1e, Buffer.alloc(3)))),
            der.sequence(der.oid(OID.localKeyId), der.set(der.integer(1))),
            der.sequence(der.oid('1.3.6.1.4.1.311.17.1'), der.set(der.bmpString('Microsoft Software KSP'))),
            der.sequence(),
          ];
          const key = raw.bag(OID.keyBag, secretPrivateKeyDer(leaf.privateKey), ...odd);
          const secret = raw.bag('1.2.840.113549.1.12.10.1.5', der.sequence(der.oid('1.2.3')));
          const sdsi = raw.bag(
            OID.certBag,
            der.sequence(der.oid('1.2.840.113549.1.9.22.2'), der.explicit(0, der.ia5String('x'))),
          );
          const certificates = [leaf, intermediate, root].map((one) => raw.certificateBag(one));
          return raw.file(der.sequence(raw.data(secret, sdsi), raw.data(key, ...certificates)));
        },
        [],
      ],
    ];
    for (const [what, make, weaknesses] of forms) {
      it(what, async () => {
        const file = await make();
        const found = await readPkcs12(file, PASSPHRASE);
        assert.ok(found.privateKey?.equals(leaf.privateKey));
        const subjects = [found.certificate, ...found.chain].map((one) => one?.subject.commonName);
        assert.deepEqual(subjects, ['dev01', 'Test CA', 'Test Root']);
        assert.deepEqual((await openPkcs12(file, PASSPHRASE)).weaknesses, weaknesses);
      });
    }

    it('a name with surrogates and a final NUL', async () => {
      const bag = raw.certificateBag(root, { friendlyName: 'Wurzel 🌳\0' });
      const { bags } = await openPkcs12(await raw.file(der.sequence(raw.data(bag))), PASSPHRASE);
      assert.deepEqual(bags.map(({ friendlyName }) => friendlyName), ['Wurzel 🌳']); // prettier-ignore
    });
  });

  describe('passphrases', () => {
    for (const text of ['Grüße €1', '密码', '😀', ' ', 'x'.repeat(2000)]) {
      it(`${JSON.stringify(text.slice(0, 20))} opens, nearly the same does not`, async () => {
        const own = new RawPkcs12(text);
        for (const old of [false, true]) {
          const contents = await own.usual(leaf, [], old);
          for (const mac of ['sha1', 'sha256', 'none', own.pbmac1(contents)] as const) {
            const file = await own.file(contents, mac);
            assert.ok((await readPkcs12(file, text)).certificate);
            await rejects(() => readPkcs12(file, `${text}x`), 'P12_PASSPHRASE_WRONG', /capitals/);
            await rejects(() => readPkcs12(file), 'P12_PASSPHRASE_WRONG', /none was given/);
          }
        }
      });
    }

    it('none and an empty one are two things to programs and one to people', async () => {
      const file = await new RawPkcs12('').file(await new RawPkcs12('').usual(leaf, [], true), 'sha1');
      assert.ok((await readPkcs12(file)).certificate);
      assert.ok((await readPkcs12(file, '')).certificate);
      await rejects(() => readPkcs12(file, 'x'), 'P12_PASSPHRASE_WRONG');
    });

    it('a second one for the key is said', async () => {
      const key = await new RawPkcs12('another').keyBag(secretPrivateKeyDer(leaf.privateKey));
      const file = await raw.file(der.sequence(raw.data(key)));
      await rejects(() => readPkcs12(file, PASSPHRASE), 'P12_PASSPHRASE_WRONG', /not what is encrypted in it/);
    });

    it('a changed file is refused before anything in it is read', async () => {
      const contents = der.sequence(raw.contentInfo('1.2.3', der.nullValue()));
      await rejects(async () => openPkcs12(await raw.file(contents), PASSPHRASE), 'P12_UNSUPPORTED');
      await rejects(async () => openPkcs12(await raw.file(contents), 'wrong'), 'P12_PASSPHRASE_WRONG');
    });
  });

  describe('refusals', () => {
    const file = (...parts: Buffer[]) => raw.file(der.sequence(...parts));
    const encryptedBy = (algorithm: Buffer, data = Buffer.alloc(16)) =>
      raw.contentInfo(
        OID.encryptedData,
        der.sequence(der.integer(0), der.sequence(der.oid(OID.data), algorithm, der.implicit(0, data))),
      );
    const pbes2 = (derivation: Buffer, cipher: string, iv = Buffer.alloc(16)) =>
      der.sequence(der.oid(OID.pbes2), der.sequence(derivation, der.sequence(der.oid(cipher), der.octetString(iv))));
    const pbkdf2 = (rounds: number | bigint, prf?: string) =>
      der.sequence(
        der.oid(OID.pbkdf2),
        der.sequence(
          der.octetString(Buffer.alloc(8)),
          der.integer(rounds),
          ...(prf ? [der.sequence(der.oid(prf), der.nullValue())] : []),
        ),
      );
    const macOf = (algorithm: Buffer, rounds = 1) =>
      der.sequence(
        der.sequence(algorithm, der.octetString(Buffer.alloc(32))),
        der.octetString(Buffer.alloc(8)),
        der.integer(rounds),
      );
    const nested = (depth: number): Buffer =>
      raw.bag(OID.safeContentsBag, depth === 0 ? der.sequence() : der.sequence(nested(depth - 1)));

    const refused: [what: string, make: () => Buffer | Promise<Buffer>, code: ErrorCode, words: RegExp][] = [
      ['nothing', () => Buffer.alloc(0), 'P12_MALFORMED', /empty/],
      ['text', () => Buffer.from('hello, world'), 'P12_MALFORMED', /export it again/],
      ['PEM', () => Buffer.from(root.certificate.pem), 'P12_MALFORMED', /it is PEM/],
      ['a certificate', () => root.certificate.der, 'P12_MALFORMED', /version/],
      [
        'a Java key store of old',
        () => Buffer.from('feedfeed00000002', 'hex'),
        'P12_UNSUPPORTED',
        /keytool -importkeystore/,
      ],
      ['another version', () => der.sequence(der.integer(1)), 'P12_UNSUPPORTED', /version 1/],
      ['no contents', () => der.sequence(der.integer(3)), 'P12_MALFORMED', /authSafe is missing/],
      [
        'a signed file',
        () => der.sequence(der.integer(3), raw.contentInfo(OID.signedData, der.nullValue())),
        'P12_UNSUPPORTED',
        /signature/,
      ],
      ['five million bytes', () => Buffer.alloc(5_000_000, 0x30), 'DER_TOO_LARGE', /more than 4194304 bytes/],
      ['bytes behind the end', async () => Buffer.concat([await file(), Buffer.from([0])]), 'P12_MALFORMED', /behind/],
      [
        'encryption for a recipient',
        () => file(raw.contentInfo(OID.envelopedData, der.sequence())),
        'P12_UNSUPPORTED',
        /certificate/,
      ],
      [
        'RC4',
        () => file(encryptedBy(der.sequence(der.oid('1.2.840.113549.1.12.1.1'), der.nullValue()))),
        'P12_UNSUPPORTED',
        /RC4.*openssl pkcs12 -legacy/s,
      ],
      ['an unknown encryption', () => file(encryptedBy(der.sequence(der.oid('1.2.3')))), 'P12_UNSUPPORTED', /1\.2\.3/],
      ['an unknown cipher', () => file(encryptedBy(pbes2(pbkdf2(1), '1.2.3'))), 'P12_UNSUPPORTED', /cipher 1\.2\.3/],
      [
        'an unknown PRF',
        () => file(encryptedBy(pbes2(pbkdf2(1, '1.2.3'), OID.aes256Cbc))),
        'P12_UNSUPPORTED',
        /1\.2\.3/,
      ],
      [
        'a wrong initialization vector',
        () => file(encryptedBy(pbes2(pbkdf2(1), OID.aes256Cbc, Buffer.alloc(8)))),
        'P12_MALFORMED',
        /16 octets/,
      ],
      [
        'half a block',
        () => file(encryptedBy(pbes2(pbkdf2(1), OID.aes256Cbc), Buffer.alloc(17))),
        'P12_MALFORMED',
        /17/,
      ],
      ['no rounds', () => file(encryptedBy(pbes2(pbkdf2(0), OID.aes256Cbc))), 'P12_MALFORMED', /rounds/],
      ['2^31 rounds', () => file(encryptedBy(pbes2(pbkdf2(2n ** 31n), OID.aes256Cbc))), 'P12_MALFORMED', /between/],
      [
        'eleven million rounds',
        () => file(encryptedBy(pbes2(pbkdf2(11_000_000), OID.aes256Cbc))),
        'P12_UNSUPPORTED',
        /11000000/,
      ],
      [
        'a MAC of two thousand million rounds',
        async () => raw.file(await usual(), macOf(der.sequence(der.oid(OID.sha256), der.nullValue()), 2_000_000_000)),
        'P12_UNSUPPORTED',
        /rounds/,
      ],
      [
        'an unknown MAC',
        () => raw.file(der.sequence(), macOf(der.sequence(der.oid('1.2.3')))),
        'P12_UNSUPPORTED',
        /MAC.*1\.2\.3/,
      ],
      [
        'a short key of PBMAC1',
        () => raw.file(der.sequence(), raw.pbmac1(der.sequence(), 19)),
        'P12_MALFORMED',
        /20 octets/,
      ],
      ['contents in contents in contents …', () => file(raw.data(nested(5))), 'DER_TOO_DEEP', /deep/],
      [
        'a thousand and one certificates',
        () =>
          file(
            raw.data(
              ...Array.from({ length: 1001 }, () =>
                raw.bag(
                  OID.certBag,
                  der.sequence(der.oid(OID.x509Certificate), der.explicit(0, der.octetString(Buffer.alloc(1)))),
                ),
              ),
            ),
          ),
        'P12_MALFORMED',
        /more than 1000/,
      ],
    ];
    for (const [what, make, code, words] of refused) {
      it(what, async () => void (await rejects(async () => openPkcs12(await make(), PASSPHRASE), code, words)));
    }

    it('rounds count together over all parts', async () => {
      const own = new RawPkcs12(PASSPHRASE, 400);
      const contents = der.sequence(await own.encrypted(der.sequence()), await own.encrypted(der.sequence()));
      const bytes = await own.file(contents);
      await openPkcs12(bytes, PASSPHRASE, { maxRounds: 1200 });
      await rejects(() => openPkcs12(bytes, PASSPHRASE, { maxRounds: 1199 }), 'P12_UNSUPPORTED', /rounds/);
    });
  });

  describe('mutations end in a result or a coded error', () => {
    const limits = { maxRounds: 2000 };
    /** @returns codes and their counts */
    const attack = async (count: number, seed: number, make: (random: SeededRandom) => Buffer | Promise<Buffer>) => {
      const random = new SeededRandom(seed);
      const found: Record<string, number> = {};
      for (let round = 0; round < count; round++) {
        const file = await make(random);
        let code = 'read';
        try {
          await readPkcs12(file, PASSPHRASE, limits);
        } catch (error) {
          if (!isCodedError(error)) throw error;
          code = error.code;
        }
        found[code] = (found[code] ?? 0) + 1;
      }
      return found;
    };

    it('20,000 of a whole file: none but in what the MAC does not cover is read', async () => {
      const file = await raw.file(await usual());
      const found = await attack(20_000, 1, (random) => mutated(file, random));
      assert.ok((found.P12_PASSPHRASE_WRONG ?? 0) > 5000, JSON.stringify(found));
      assert.ok((found.read ?? 0) < 20, JSON.stringify(found));
    });

    it('5,000 of a file without MAC', async () => {
      const file = await raw.file(await usual(), 'none');
      const found = await attack(5000, 2, (random) => mutated(file, random));
      assert.ok((found.P12_MALFORMED ?? 0) > 500, JSON.stringify(found));
    });

    it('5,000 of a file in BER without MAC and encryption', async () => {
      const key = raw.bag(OID.keyBag, secretPrivateKeyDer(leaf.privateKey));
      const bags = [
        key,
        ...[leaf, intermediate, root].map((one) => raw.certificateBag(one, { friendlyName: 'dev01' })),
      ];
      const file = toBer(await raw.file(der.sequence(raw.data(...bags)), 'none'));
      const found = await attack(5000, 3, (random) => mutated(file, random));
      assert.ok((found.P12_MALFORMED ?? 0) > 500, JSON.stringify(found));
    });

    it('5,000 of the contents, with a right MAC', async () => {
      const contents = await usual(true);
      const found = await attack(5000, 4, (random) => raw.file(mutated(contents, random)));
      assert.ok((found.P12_MALFORMED ?? 0) > 500, JSON.stringify(found));
    });

    it('5,000 of what is encrypted, with a right MAC', async () => {
      const plain = der.sequence(
        ...[leaf, intermediate, root].map((one) => raw.certificateBag(one, { friendlyName: 'dev01' }, true)),
      );
      const secretPkcs8 = secretPrivateKeyDer(leaf.privateKey);
      const found = await attack(5000, 5, async (random) => {
        const key = await raw.keyBag(random.below(4) === 0 ? mutated(secretPkcs8, random) : secretPkcs8);
        return raw.file(der.sequence(raw.data(key), await raw.encrypted(mutated(plain, random))));
      });
      assert.ok((found.read ?? 0) > 500, JSON.stringify(found));
    });
  });

  it('what the writer encrypts differs each time, and is as random as its source', async () => {
    const plain = Buffer.alloc(100);
    for (const encrypt of [encryptAes, encrypt3Des]) {
      const source = { secretPassphrase: PASSPHRASE, rounds: 1 };
      const [one, two] = [
        await encrypt(plain, { ...source, random: randomBytes }),
        await encrypt(plain, { ...source, random: randomBytes }),
      ];
      assert.notDeepEqual(one.data, two.data);
      const fixed = { ...source, random: (size: number) => Buffer.alloc(size, 1) };
      assert.deepEqual(await encrypt(plain, fixed), await encrypt(plain, fixed));
    }
  });
});
