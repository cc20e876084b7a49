import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import forge from 'node-forge';
import type { KeyType } from '../../src/model/key-type';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../support/certificates';
import { judge } from '../support/openssl';

const SERVER_NAMES = ['dns:mosquitto', 'dns:bücher.example', 'dns:*.home.arpa', 'ip:127.0.0.1', 'ip:::1'];
const PURPOSE_OID = { sslserver: '1.3.6.1.5.5.7.3.1', sslclient: '1.3.6.1.5.5.7.3.2' };
type Purpose = keyof typeof PURPOSE_OID;

interface Pki {
  root: KeyedCertificate;
  intermediates: KeyedCertificate[];
  server: KeyedCertificate;
  client: KeyedCertificate;
}

const SHAPES: [keyTypes: KeyType, withIntermediate: boolean][] = [
  ['ec-p256', false],
  ['ec-p256', true],
  ['ec-p384', false],
  ['ec-p384', true],
  ['rsa-2048', false],
  ['rsa-2048', true],
  ['rsa-3072', true],
  ['rsa-4096', false],
];

async function makePki(keyType: KeyType, withIntermediate: boolean): Promise<Pki> {
  const subject = {
    commonName: 'Zoë’s Root',
    organization: 'Test & Söhne',
    country: 'GB',
    state: 'DOR',
    locality: 'Poole',
  };
  const root = await makeRoot({ keyType, subject });
  const intermediates = withIntermediate ? [await makeIntermediate(root, { keyType })] : [];
  const issuer = intermediates[0] ?? root;
  const server = await makeLeaf(issuer, { keyType, names: SERVER_NAMES });
  const client = await makeLeaf(issuer, { keyType, profile: 'device', commonName: 'dev01', names: [] });
  return { root, intermediates, server, client };
}

/** Root, intermediates and a leaf as files. */
function filesOf({ root, intermediates }: Pki, leaf: KeyedCertificate): Record<string, string> {
  const chain = intermediates.map(({ certificate }) => certificate.pem).join('');
  return {
    'root.pem': root.certificate.pem,
    'chain.pem': chain,
    'leaf.pem': leaf.certificate.pem,
    'full.pem': leaf.certificate.pem + chain,
  };
}

function opensslVerify(pki: Pki, leaf: KeyedCertificate, purpose: Purpose, ...more: string[]) {
  const untrusted = pki.intermediates.length > 0 ? ['-untrusted', 'chain.pem'] : [];
  const args = [
    'verify',
    '-x509_strict',
    '-check_ss_sig',
    '-purpose',
    purpose,
    ...more,
    '-CAfile',
    'root.pem',
    ...untrusted,
    'leaf.pem',
  ];
  return judge('openssl', args, filesOf(pki, leaf));
}

function certtoolVerify(pki: Pki, leaf: KeyedCertificate, purpose: Purpose, ...more: string[]) {
  const args = [
    '--verify',
    '--load-ca-certificate',
    'root.pem',
    '--infile',
    'full.pem',
    '--verify-purpose',
    PURPOSE_OID[purpose],
    ...more,
  ];
  return judge('certtool', args, filesOf(pki, leaf));
}

/** Parse everything, and let pyca's own verifier build and judge the chain of the server. */
const PYTHON = `
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.x509 import verification
load = lambda name: x509.load_pem_x509_certificates(open(name, 'rb').read())
root, full = load('root.pem')[0], load('full.pem')
for certificate in [root, *full]:
    certificate.subject.rfc4514_string(); certificate.public_key(); list(certificate.extensions); certificate.serial_number
    assert all(len(rdn) == 1 for rdn in certificate.subject.rdns)
if sys.argv[1] == 'server':
    builder = verification.PolicyBuilder().store(verification.Store([root])).time(datetime.datetime.now())
    for name in [x509.DNSName('mosquitto'), x509.DNSName('a.home.arpa'), x509.IPAddress(ipaddress.ip_address('::1'))]:
        builder.build_server_verifier(name).verify(full[0], full[1:])
else:
    builder = verification.PolicyBuilder().store(verification.Store([root])).time(datetime.datetime.now())
print('parsed', len(full))
`;

/** One request over TLS; resolves to what the server knows of the client. */
async function handshake(pki: Pki, host: string, servername: string): Promise<{ client: string; authorized: boolean }> {
  const chain = pki.intermediates.map(({ certificate }) => certificate.pem).join('');
  const identity = (keyed: KeyedCertificate) => ({
    cert: keyed.certificate.pem + chain,
    key: secretPrivateKeyPem(keyed.privateKey),
    ca: pki.root.certificate.pem,
  });
  const server = tls.createServer({ ...identity(pki.server), requestCert: true, rejectUnauthorized: true });
  server.listen(0, host);
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
    const client = tls.connect({ ...identity(pki.client), host, port, servername });
    await once(client, 'secureConnect');
    const [socket] = await accepted;
    const result = { client: String(socket.getPeerCertificate().subject.CN), authorized: client.authorized };
    client.destroy();
    socket.destroy();
    return result;
  } finally {
    server.close();
    await once(server, 'close');
  }
}

describe('certificates, judged by other programs', () => {
  for (const [keyType, withIntermediate] of SHAPES) {
    describe(`${keyType}, root → ${withIntermediate ? 'intermediate → ' : ''}leaf`, () => {
      let pki: Pki;
      before(async () => {
        pki = await makePki(keyType, withIntermediate);
      });

      const accepted: [purpose: Purpose, check: string[], certtool?: string][] = [
        ['sslserver', ['-verify_hostname', 'mosquitto'], 'mosquitto'],
        ['sslserver', ['-verify_hostname', 'xn--bcher-kva.example']],
        ['sslserver', ['-verify_hostname', 'esp.home.arpa'], 'esp.home.arpa'],
        ['sslserver', ['-verify_ip', '127.0.0.1']],
        ['sslserver', ['-verify_ip', '::1']],
        ['sslclient', []],
      ];
      for (const [purpose, check, hostname] of accepted) {
        it(`openssl -x509_strict and GnuTLS accept ${purpose} ${check[1] ?? ''}`, () => {
          const leaf = purpose === 'sslserver' ? pki.server : pki.client;
          const openssl = opensslVerify(pki, leaf, purpose, ...check);
          assert.equal(openssl.status, 0, openssl.output);
          const gnutls = certtoolVerify(pki, leaf, purpose, ...(hostname ? ['--verify-hostname', hostname] : []));
          assert.equal(gnutls.status, 0, gnutls.output);
        });
      }

      const refused: [what: string, leaf: 'server' | 'client', purpose: Purpose, check: string[], words: RegExp][] = [
        ['another host name', 'server', 'sslserver', ['-verify_hostname', 'other'], /hostname mismatch/i],
        ['another address', 'server', 'sslserver', ['-verify_ip', '127.0.0.2'], /IP address mismatch/i],
        ['the server as client', 'server', 'sslclient', [], /unsuitable certificate purpose/i],
        ['the client as server', 'client', 'sslserver', [], /unsuitable certificate purpose/i],
      ];
      for (const [what, leaf, purpose, check, words] of refused) {
        it(`openssl refuses ${what}`, () => {
          const { status, output } = opensslVerify(pki, pki[leaf], purpose, ...check);
          assert.notEqual(status, 0);
          assert.match(output, words);
        });
      }

      it('GnuTLS refuses another host name and the wrong purpose', () => {
        assert.notEqual(certtoolVerify(pki, pki.server, 'sslserver', '--verify-hostname', 'other').status, 0);
        assert.notEqual(certtoolVerify(pki, pki.client, 'sslserver').status, 0);
        assert.notEqual(certtoolVerify(pki, pki.server, 'sslclient').status, 0);
      });

      it('Python’s cryptography parses all and verifies the server', () => {
        for (const [role, leaf] of [
          ['server', pki.server],
          ['client', pki.client],
        ] as const) {
          const { status, output } = judge('python3', ['-c', PYTHON, role], filesOf(pki, leaf));
          assert.equal(status, 0, output);
        }
      });

      it('Java parses all', () => {
        for (const file of ['root.pem', 'leaf.pem', ...(withIntermediate ? ['chain.pem'] : [])]) {
          const { status, output } = judge('keytool', ['-printcert', '-file', file], filesOf(pki, pki.server));
          assert.equal(status, 0, output);
          assert.match(output, /Version: 3/);
        }
      });

      it('Node shakes hands by name and by address, both sides verified', async () => {
        for (const [host, servername] of [
          ['127.0.0.1', 'mosquitto'],
          ['127.0.0.1', ''],
          ['127.0.0.1', 'x.home.arpa'],
        ] as const) {
          assert.deepEqual(await handshake(pki, host, servername), { client: 'dev01', authorized: true });
        }
        await assert.rejects(handshake(pki, '127.0.0.1', 'other'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
      });
    });
  }

  it('mixed keys: RSA root, P-384 intermediate, P-256 leaf', async () => {
    const root = await makeRoot({ keyType: 'rsa-2048' });
    const intermediates = [await makeIntermediate(root, { keyType: 'ec-p384' })];
    const server = await makeLeaf(intermediates[0] as KeyedCertificate, { keyType: 'ec-p256' });
    const pki = { root, intermediates, server, client: server };
    assert.equal(opensslVerify(pki, server, 'sslserver', '-verify_hostname', 'mosquitto').status, 0);
    assert.equal(certtoolVerify(pki, server, 'sslserver', '--verify-hostname', 'mosquitto').status, 0);
  });

  it('a root that lives beyond 2049', async () => {
    const root = await makeRoot({ notAfter: new Date('2055-01-01T00:00:00Z') });
    const server = await makeLeaf(root, { notAfter: new Date('2054-01-01T00:00:00Z') });
    const pki = { root, intermediates: [], server, client: server };
    assert.equal(opensslVerify(pki, server, 'sslserver').status, 0);
    assert.equal(judge('python3', ['-c', PYTHON, 'client'], filesOf(pki, server)).status, 0);
  });

  it('node-forge, a second implementation, reads and verifies the RSA ones', async () => {
    const { root, intermediates, server } = await makePki('rsa-2048', true);
    const read = (keyed: KeyedCertificate | undefined) => forge.pki.certificateFromPem(keyed?.certificate.pem ?? '');
    const store = forge.pki.createCaStore([read(root)]);
    assert.ok(forge.pki.verifyCertificateChain(store, [read(server), read(intermediates[0])]));
    const key = forge.pki.privateKeyFromPem(secretPrivateKeyPem(server.privateKey));
    const publicKey = read(server).publicKey as forge.pki.rsa.PublicKey;
    assert.ok(key.n.equals(publicKey.n));
    const encrypted = secretPrivateKeyPem(server.privateKey, 'secret');
    assert.ok(forge.pki.decryptRsaPrivateKey(encrypted, 'secret').n.equals(key.n));
  });
});
