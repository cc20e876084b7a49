import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import forge from 'node-forge';
import { der } from '../../src/encoding/der-writer';
import type { KeyType } from '../../src/model/key-type';
import { secretKeyStore, trustStore } from '../../src/pki/key-store';
import { readPkcs12 } from '../../src/pki/pkcs12';
import { readPrivateKey, secretPrivateKeyPem } from '../../src/pki/private-key';
import { makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../support/certificates';
import { rejects } from '../support/coded-error';
import { runStores, serveStores } from '../support/java';
import { judge, type ToolResult } from '../support/openssl';
import { RawPkcs12 } from '../support/raw-pkcs12';
import { runtimes } from '../support/runtimes';
import { temporaryFolder } from '../support/temporary-folder';

const PASSPHRASE = 'nothing but a test';
const ALIAS = 'Gerät 1';
const KEY_TYPES: KeyType[] = ['ec-p256', 'rsa-2048'];
/** A Java program that runs for a second is not worth compiling well. */
const QUICK = '-J-XX:TieredStopAtLevel=1';

/** A device and a broker under one intermediate. */
interface Pki {
  root: KeyedCertificate;
  intermediate: KeyedCertificate;
  device: KeyedCertificate;
  server: KeyedCertificate;
}

async function makePki(keyType: KeyType): Promise<Pki> {
  const root = await makeRoot({ keyType });
  const intermediate = await makeIntermediate(root, { keyType });
  const device = await makeLeaf(intermediate, { keyType, profile: 'device', commonName: 'dev01', names: [] });
  const server = await makeLeaf(intermediate, { keyType });
  return { root, intermediate, device, server };
}

function chainOf({ intermediate, root }: Pki) {
  return [intermediate.certificate, root.certificate];
}

function keyStoreOf(pki: Pki, legacy: boolean, secretPassphrase = PASSPHRASE): Promise<Buffer> {
  const entry = { alias: ALIAS, ...pki.device, chain: chainOf(pki) };
  return secretKeyStore([entry], { secretPassphrase, legacy });
}

function trustStoreOf({ root }: Pki, legacy: boolean, secretPassphrase = PASSPHRASE): Promise<Buffer> {
  return trustStore([{ alias: 'root', certificate: root.certificate }], { secretPassphrase, legacy });
}

/** The stores as files, for programs that take nothing else. */
function written(keys: Buffer, trusted: Buffer): { folder: string; keyFile: string; trustFile: string } {
  const folder = temporaryFolder();
  const [keyFile, trustFile] = [join(folder, 'k.p12'), join(folder, 't.p12')];
  writeFileSync(keyFile, keys);
  writeFileSync(trustFile, trusted);
  return { folder, keyFile, trustFile };
}

/** The result of a program that must have succeeded. */
function succeeded(result: ToolResult): string {
  assert.equal(result.status, 0, result.output);
  return result.output;
}

const PYTHON_READS = `
import sys
from cryptography.hazmat.primitives.serialization import pkcs12, Encoding
key, leaf, others = pkcs12.load_key_and_certificates(open(sys.argv[1], 'rb').read(), sys.argv[2].encode())
print(key.public_key().public_numbers() == leaf.public_key().public_numbers(), leaf.subject.rfc4514_string(), len(others))
`;

for (const keyType of KEY_TYPES) {
  for (const legacy of [false, true]) {
    describe(`key store and trust store of ${keyType}, ${legacy ? 'legacy' : 'modern'}`, () => {
      let pki: Pki;
      let keys: Buffer;
      let trusted: Buffer;
      before(async () => {
        pki = await makePki(keyType);
        keys = await keyStoreOf(pki, legacy);
        trusted = await trustStoreOf(pki, legacy);
      });

      it('openssl says how they are protected, and finds what is in them', () => {
        const args = ['pkcs12', '-info', '-nodes', '-passin', `pass:${PASSPHRASE}`, '-in'];
        const output = succeeded(judge('openssl', [...args, 'k.p12'], { 'k.p12': keys }));
        const protection = legacy
          ? ['MAC: sha1, Iteration 2048', 'Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048']
          : ['MAC: sha256, Iteration 10000', 'Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256'];
        for (const words of protection) assert.ok(output.includes(words), output);
        assert.ok(readPrivateKey(output).equals(pki.device.privateKey));
        for (const certificate of [pki.device.certificate, ...chainOf(pki)])
          assert.ok(output.includes(certificate.pem));

        const trust = succeeded(judge('openssl', [...args, 't.p12'], { 't.p12': trusted }));
        assert.ok(trust.includes(pki.root.certificate.pem));
        assert.doesNotMatch(trust, /PRIVATE KEY/);
      });

      it('openssl refuses another passphrase and a changed byte', () => {
        const check = (file: Buffer, passphrase: string) =>
          judge('openssl', ['pkcs12', '-noout', '-passin', `pass:${passphrase}`, '-in', 'k.p12'], { 'k.p12': file });
        assert.equal(check(keys, PASSPHRASE).status, 0);
        assert.match(check(keys, 'wrong').output, /invalid password/);
        const changed = Buffer.from(keys);
        const at = changed.length >> 1;
        changed[at] = (changed[at] ?? 0) ^ 1;
        assert.match(check(changed, PASSPHRASE).output, /invalid password/);
      });

      it('certtool', () => {
        const args = ['--p12-info', '--inder', '--infile', 'k.p12', '--password', PASSPHRASE];
        const output = succeeded(judge('certtool', args, { 'k.p12': keys }));
        assert.match(output, legacy ? /Cipher: 3DES-CBC/ : /Cipher: AES-256-CBC/);
        assert.equal(output.match(/BEGIN CERTIFICATE/g)?.length, 3);
      });

      it('pyca cryptography', () => {
        const output = succeeded(judge('python3', ['-c', PYTHON_READS, 'k.p12', PASSPHRASE], { 'k.p12': keys }));
        assert.match(output, /^True .*CN=dev01.* 2$/m);
      });

      it('node-forge', () => {
        const p12 = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(keys.toString('latin1')), PASSPHRASE);
        const bags = p12.safeContents.flatMap(({ safeBags }) => safeBags);
        const names = bags.map(({ attributes }) => (attributes as { friendlyName?: string[] }).friendlyName?.[0]);
        assert.deepEqual(names, [ALIAS, ALIAS, undefined, undefined]);
        const key = bags.find(({ type }) => type === forge.pki.oids.pkcs8ShroudedKeyBag);
        // It knows no EC, but gives what it decrypted.
        const der = forge.asn1.toDer(key?.key ? forge.pki.privateKeyToAsn1(key.key) : (key?.asn1 as forge.asn1.Asn1));
        assert.ok(readPrivateKey(Buffer.from(der.getBytes(), 'latin1')).equals(pki.device.privateKey));
      });

      it('Node serves and connects with them as pfx', async () => {
        const broker = await secretKeyStore([{ alias: 'broker', ...pki.server, chain: chainOf(pki) }], {
          secretPassphrase: PASSPHRASE,
          legacy,
        });
        const ca = pki.root.certificate.pem;
        const server = tls.createServer({ pfx: broker, passphrase: PASSPHRASE, ca, requestCert: true });
        server.on('secureConnection', (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)));
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        const client = tls.connect({ port, host: '127.0.0.1', pfx: keys, passphrase: PASSPHRASE, ca });
        let said = '';
        for await (const chunk of client) said += String(chunk);
        assert.equal(said, 'dev01');
        server.close();
      });

      it('keytool lists them, and what it copies into a new key store is read here', async () => {
        const { folder } = written(keys, trusted);
        const keytool = (...args: string[]) =>
          execFileSync('keytool', [QUICK, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
        assert.match(keytool('-list', '-keystore', 't.p12', '-storepass', PASSPHRASE), /^root, .*trustedCertEntry/m);
        const [from, to] = [
          ['-srckeystore', 'k.p12', '-srcstorepass', PASSPHRASE],
          ['-destkeystore', 'copy.p12', '-deststorepass', 'another one'],
        ];
        keytool('-importkeystore', '-noprompt', ...from, ...to);
        const copy = await readPkcs12(readFileSync(join(folder, 'copy.p12')), 'another one');
        assert.ok(copy.privateKey?.equals(pki.device.privateKey));
        assert.deepEqual([copy.certificate, ...copy.chain].map((one) => one?.pem), [pki.device.certificate, ...chainOf(pki)].map(({ pem }) => pem)); // prettier-ignore
        assert.equal(copy.friendlyName, ALIAS.toLowerCase());
      });

      it('a Java client connects with them to a server that wants a client certificate', async () => {
        const { keyFile, trustFile } = written(keys, trusted);
        const { server, intermediate, root } = pki;
        const names: string[] = [];
        const listener = tls.createServer({
          key: secretPrivateKeyPem(server.privateKey),
          cert: server.certificate.pem + intermediate.certificate.pem,
          ca: root.certificate.pem,
          requestCert: true,
          rejectUnauthorized: true,
        });
        listener.on('secureConnection', (socket) => {
          socket.on('error', () => undefined);
          names.push(String(socket.getPeerCertificate().subject.CN));
          socket.once('data', (bytes) => socket.end(`you said: ${bytes}`));
        });
        listener.listen(0, '127.0.0.1');
        await once(listener, 'listening');
        const port = String((listener.address() as AddressInfo).port);

        try {
          const found = await runStores(['connect', keyFile, trustFile, 'localhost', port], PASSPHRASE);
          assert.equal(found.output.trim(), 'you said: hello from Java', found.output);
          assert.deepEqual(names, ['dev01']);
        } finally {
          listener.close();
        }
      });
    });
  }
}

describe('key store with several keys', () => {
  // RSA: among EC keys Java chooses only those whose certificates allow key agreement, which ours have no use for.
  it('a Java server shows each host name its own certificate', async () => {
    const keyType = 'rsa-2048';
    const pki = await makePki(keyType);
    const { root, intermediate, device } = pki;
    const hosts = ['one.example.org', 'two.example.org'];
    const entries = [];
    for (const host of hosts) {
      const leaf = await makeLeaf(intermediate, { keyType, commonName: host, names: [`dns:${host}`] });
      entries.push({ alias: host, ...leaf, chain: chainOf(pki) });
    }
    const { keyFile, trustFile } = written(
      await secretKeyStore(entries, { secretPassphrase: PASSPHRASE }),
      await trustStoreOf(pki, false),
    );
    const server = await serveStores(keyFile, trustFile, PASSPHRASE);
    try {
      for (const servername of hosts) {
        const client = tls.connect({
          port: server.port,
          servername,
          ca: root.certificate.pem,
          key: secretPrivateKeyPem(device.privateKey),
          cert: device.certificate.pem + intermediate.certificate.pem,
        });
        await once(client, 'secureConnect');
        assert.equal(client.getPeerCertificate().subject.CN, servername);
        let said = '';
        for await (const chunk of client) said += String(chunk);
        assert.match(said, /hello .*CN=dev01/);
      }
    } finally {
      await server.close();
    }
  });
});

describe('trust store', () => {
  it('without the mark Java trusts nobody in it, with it everybody', async () => {
    const pki = await makePki('ec-p256');
    const keys = await keyStoreOf(pki, false);
    const marked = written(keys, await trustStoreOf(pki, false));
    const found = await runStores(['list', marked.keyFile, marked.trustFile], PASSPHRASE);
    assert.equal(
      found.output,
      `key store: ${ALIAS.toLowerCase()} is a key, EC, chain of 3\ntrust store: root is trusted\n`,
    );

    const raw = new RawPkcs12(PASSPHRASE);
    const plain = await raw.file(der.sequence(raw.data(raw.certificateBag(pki.root, { friendlyName: 'root' }))));
    const unmarked = written(keys, plain);
    const { output } = await runStores(['list', unmarked.keyFile, unmarked.trustFile], PASSPHRASE);
    assert.doesNotMatch(output, /trust store/);
  });
});

describe('a passphrase outside ASCII', () => {
  const text = 'Grüße €1 😀';
  for (const legacy of [false, true]) {
    it(`opens for openssl, certtool and Node, not for Java (${legacy ? 'legacy' : 'modern'})`, async () => {
      const pki = await makePki('ec-p256');
      const keys = await keyStoreOf(pki, legacy, text);
      const files = { 'k.p12': keys };
      succeeded(judge('openssl', ['pkcs12', '-noout', '-passin', `pass:${text}`, '-in', 'k.p12'], files));
      succeeded(judge('certtool', ['--p12-info', '--inder', '--infile', 'k.p12', '--password', text], files));
      tls.createSecureContext({ pfx: keys, passphrase: text });

      const { keyFile, trustFile } = written(keys, await trustStoreOf(pki, legacy, text));
      const { output } = await runStores(['list', keyFile, trustFile], text);
      // When Java learns it one day, the warning of the export layout can go.
      assert.match(output, /Password is not ASCII/);
    });
  }
});

describe('PBMAC1', () => {
  it('as our tests write it is what OpenSSL 3.4 and later read', async () => {
    const { device, intermediate } = await makePki('ec-p256');
    const raw = new RawPkcs12(PASSPHRASE, 2048);
    const contents = await raw.usual(device, [intermediate]);
    const file = await raw.file(contents, raw.pbmac1(contents));
    assert.ok((await readPkcs12(file, PASSPHRASE)).privateKey?.equals(device.privateKey));
    const program = `
      const tls = require('node:tls');
      tls.createSecureContext({ pfx: require('node:fs').readFileSync(process.argv[1]), passphrase: process.argv[2] });
      console.log('opened');`;
    const node = runtimes().node['24'];
    const path = join(temporaryFolder(), 'k.p12');
    writeFileSync(path, file);
    const open = (passphrase: string) =>
      execFileSync(node, ['-e', program, path, passphrase], { encoding: 'utf8', stdio: 'pipe' });
    assert.equal(open(PASSPHRASE).trim(), 'opened');
    assert.throws(() => open('wrong'), /mac verify failure/);
  });
});

describe('key stores of others', () => {
  let ec: Pki;
  let rsa: Pki;
  before(async () => {
    ec = await makePki('ec-p256');
    rsa = await makePki('rsa-2048');
  });

  const filesOf = (pki: Pki) => ({
    'key.pem': secretPrivateKeyPem(pki.device.privateKey),
    'leaf.pem': pki.device.certificate.pem,
    'chain.pem': pki.intermediate.certificate.pem + pki.root.certificate.pem,
  });

  /** Everything must come out again, and nothing with another passphrase. */
  async function opens(file: Buffer, pki: Pki, passphrase: string, expected: { name?: string; weak?: RegExp } = {}) {
    const found = await readPkcs12(file, passphrase);
    assert.ok(found.privateKey?.equals(pki.device.privateKey));
    assert.deepEqual([found.certificate, ...found.chain].map((one) => one?.pem), [pki.device.certificate, ...chainOf(pki)].map(({ pem }) => pem)); // prettier-ignore
    assert.deepEqual(found.others, []);
    assert.equal(found.friendlyName, expected.name);
    const weak = found.warnings.filter(({ code }) => code === 'P12_WEAK').map(({ message }) => message);
    assert.match(weak.join(), expected.weak ?? /^$/);
    await rejects(() => readPkcs12(file, `${passphrase}x`), 'P12_PASSPHRASE_WRONG');
  }

  describe('openssl', () => {
    const OLD = ['-legacy'];
    const pbe = (key: string, certificate: string) => ['-keypbe', key, '-certpbe', certificate];
    const variants: [args: string[], weak?: RegExp][] = [
      [[]],
      [['-iter', '100000']],
      [['-noiter', '-nomaciter']],
      [['-macalg', 'sha1']],
      [['-macalg', 'sha224']],
      [['-macalg', 'sha384']],
      [['-macalg', 'sha512']],
      [pbe('aes-128-cbc', 'aes-192-cbc')],
      [pbe('NONE', 'NONE')],
      [pbe('des-ede3-cbc', 'NONE'), /3DES/],
      [pbe('PBE-SHA1-2DES', 'PBE-SHA1-3DES'), /3DES/],
      [['-descert'], /3DES/],
      [['-nomac'], /no MAC/],
      [OLD, /RC2 with 40 bits, 3DES/],
      [[...OLD, '-descert'], /: 3DES$/],
      [[...OLD, ...pbe('PBE-SHA1-RC2-128', 'PBE-SHA1-RC2-128')], /RC2 with 128 bits/],
      [[...OLD, ...pbe('PBE-SHA1-RC2-40', 'PBE-SHA1-RC2-40'), '-macalg', 'sha512'], /RC2 with 40 bits/],
    ];
    for (const [args, weak] of variants) {
      it(`pkcs12 -export ${args.join(' ')}`, async () => {
        for (const pki of [ec, rsa]) {
          const files = filesOf(pki);
          const inputs = ['-inkey', 'key.pem', '-in', 'leaf.pem', '-certfile', 'chain.pem', '-name', ALIAS];
          const export_ = ['pkcs12', '-export', ...inputs, '-passout', `pass:${PASSPHRASE}`, ...args];
          const result = judge('openssl', export_, files);
          assert.equal(result.status, 0, result.output);
          await opens(result.stdout, pki, PASSPHRASE, { name: ALIAS, weak });
        }
      });
    }

    for (const passphrase of ['Grüße €1 😀', '']) {
      for (const args of [[], OLD]) {
        it(`with the passphrase ${JSON.stringify(passphrase)} ${args.join(' ')}`, async () => {
          const inputs = ['-inkey', 'key.pem', '-in', 'leaf.pem', '-certfile', 'chain.pem'];
          const export_ = ['pkcs12', '-export', ...inputs, '-passout', `pass:${passphrase}`, ...args];
          const result = judge('openssl', export_, filesOf(ec));
          assert.equal(result.status, 0, result.output);
          await opens(result.stdout, ec, passphrase, { weak: args.length > 0 ? /RC2/ : undefined });
        });
      }
    }

    it('RC4 is refused in words', async () => {
      const inputs = ['-inkey', 'key.pem', '-in', 'leaf.pem', ...OLD, ...pbe('PBE-SHA1-RC4-128', 'PBE-SHA1-3DES')];
      const result = judge('openssl', ['pkcs12', '-export', ...inputs, '-passout', 'pass:x'], filesOf(ec));
      await rejects(() => readPkcs12(result.stdout, 'x'), 'P12_UNSUPPORTED', /RC4/);
    });
  });

  describe('keytool', () => {
    const variants: [what: string, options: string[], weak?: RegExp][] = [
      ['as it is', []],
      ['as Java 8 wrote them', ['-J-Dkeystore.pkcs12.legacy=true'], /RC2 with 40 bits, 3DES|3DES, RC2 with 40 bits/],
    ];
    for (const [what, options, weak] of variants) {
      it(`a key store and a trust store ${what}`, async () => {
        const folder = temporaryFolder();
        const run = (...args: string[]) =>
          execFileSync('keytool', [QUICK, ...options, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
        writeFileSync(join(folder, 'ours.p12'), await keyStoreOf(rsa, false));
        writeFileSync(join(folder, 'root.pem'), rsa.root.certificate.pem);
        const [source, target] = [
          ['-srckeystore', 'ours.p12', '-srcstorepass', PASSPHRASE],
          ['-destkeystore', 'k.p12', '-deststorepass', PASSPHRASE],
        ];
        run(
          '-importkeystore',
          '-noprompt',
          '-destalias',
          'dev',
          '-srcalias',
          ALIAS.toLowerCase(),
          ...source,
          ...target,
        );
        const store = ['-keystore', 't.p12', '-storepass', PASSPHRASE];
        run('-importcert', '-noprompt', '-alias', 'root', '-file', 'root.pem', ...store);
        await opens(readFileSync(join(folder, 'k.p12')), rsa, PASSPHRASE, { name: 'dev', weak });
        const { trusted, others } = await readPkcs12(readFileSync(join(folder, 't.p12')), PASSPHRASE);
        assert.deepEqual(trusted.map(({ pem }) => pem), [rsa.root.certificate.pem]); // prettier-ignore
        assert.deepEqual(others, []);
      });
    }
  });

  describe('pyca cryptography', () => {
    const PYTHON_WRITES = `
import sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12, PrivateFormat
key = serialization.load_pem_private_key(open('key.pem', 'rb').read(), None)
leaf = x509.load_pem_x509_certificate(open('leaf.pem', 'rb').read())
chain = x509.load_pem_x509_certificates(open('chain.pem', 'rb').read())
passphrase = sys.argv[2].encode()
if sys.argv[1] == 'best':
    encryption = serialization.BestAvailableEncryption(passphrase)
else:
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(5000)
    algorithm, mac = sys.argv[1].split(',')
    encryption = builder.key_cert_algorithm(getattr(pkcs12.PBES, algorithm)).hmac_hash(getattr(hashes, mac)()).build(passphrase)
sys.stdout.buffer.write(pkcs12.serialize_key_and_certificates(b'python', key, leaf, chain, encryption))
`;
    const variants: [variant: string, weak?: RegExp][] = [
      ['best'],
      ['PBESv2SHA256AndAES256CBC,SHA512'],
      ['PBESv1SHA1And3KeyTripleDESCBC,SHA1', /3DES/],
    ];
    for (const [variant, weak] of variants) {
      it(variant, async () => {
        for (const pki of [ec, rsa]) {
          for (const passphrase of [PASSPHRASE, 'Grüße 😀']) {
            const result = judge('python3', ['-c', PYTHON_WRITES, variant, passphrase], filesOf(pki));
            assert.equal(result.status, 0, result.output);
            await opens(result.stdout, pki, passphrase, { name: 'python', weak });
          }
        }
      });
    }
  });

  describe('certtool', () => {
    // With 600,000 rounds each, so the old schemes once only.
    const variants: [cipher: string, shapes: () => Pki[], weak?: RegExp][] = [
      ['aes-128', () => [ec, rsa]],
      ['aes-256', () => [ec]],
      ['3des', () => [ec], /3DES/],
      ['rc2-40', () => [ec], /RC2 with 40 bits/],
    ];
    for (const [cipher, shapes, weak] of variants) {
      it(`--pkcs-cipher ${cipher}`, async () => {
        const inputs = ['--load-privkey', 'key.pem', '--load-certificate', 'all.pem', '--p12-name', 'gnutls'];
        const args = ['--to-p12', '--outder', '--password', PASSPHRASE, '--pkcs-cipher', cipher, ...inputs];
        for (const pki of shapes()) {
          const files = filesOf(pki);
          const result = judge('certtool', args, { ...files, 'all.pem': files['leaf.pem'] + files['chain.pem'] });
          assert.equal(result.status, 0, result.output);
          await opens(result.stdout, pki, PASSPHRASE, { name: 'gnutls', weak });
        }
      });
    }
  });

  describe('node-forge', () => {
    for (const algorithm of ['aes128', 'aes256', '3des'] as const) {
      it(`${algorithm}, with certificates in clear`, async () => {
        const key = forge.pki.privateKeyFromPem(secretPrivateKeyPem(rsa.device.privateKey));
        const certificates = [rsa.device.certificate, ...chainOf(rsa)].map(({ pem }) =>
          forge.pki.certificateFromPem(pem),
        );
        const options = { algorithm, friendlyName: 'forge', count: 1000 };
        const asn1 = forge.pkcs12.toPkcs12Asn1(key, certificates, PASSPHRASE, options);
        const file = Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1');
        await opens(file, rsa, PASSPHRASE, { name: 'forge', weak: algorithm === '3des' ? /3DES/ : undefined });
      });
    }
  });
});
