import assert from 'node:assert/strict';
import type { RevocationReason } from '../../src/model/revocation-reason';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { createRevocationList, readRevocationList } from '../../src/pki/revocation-list';
import { inDays, makeLeaf, makeRoot, type KeyedCertificate } from '../support/certificates';
import { judge } from '../support/openssl';

const PYTHON = `
from cryptography import x509
root = x509.load_pem_x509_certificate(open('root.pem', 'rb').read())
crl = x509.load_pem_x509_crl(open('crl.pem', 'rb').read())
assert crl.is_signature_valid(root.public_key())
print([hex(entry.serial_number) for entry in crl], list(crl.extensions))
`;

describe('revocation lists, judged by other programs', () => {
  for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048'] as const) {
    describe(keyType, () => {
      let root: KeyedCertificate;
      let good: KeyedCertificate;
      let bad: KeyedCertificate;
      let files: Record<string, string>;
      before(async () => {
        root = await makeRoot({ keyType });
        good = await makeLeaf(root);
        bad = await makeLeaf(root);
        const make = async (serials: string[], reason: RevocationReason = 'keyCompromise') =>
          createRevocationList({
            issuer: root,
            number: 4096,
            thisUpdate: inDays(-1),
            nextUpdate: inDays(30),
            revoked: serials.map((serialNumber) => ({ serialNumber, revokedAt: inDays(-1), reason })),
          });
        files = {
          'root.pem': root.certificate.pem,
          'good.pem': good.certificate.pem,
          'bad.pem': bad.certificate.pem,
          'crl.pem': (await make([bad.certificate.serialNumber])).pem,
          'unspecified.pem': (await make([bad.certificate.serialNumber], 'unspecified')).pem,
          'empty.pem': (await make([])).pem,
        };
      });

      it('openssl verifies the signature and reads the entries', () => {
        for (const file of ['crl.pem', 'empty.pem', 'unspecified.pem']) {
          const { status, output } = judge(
            'openssl',
            ['crl', '-in', file, '-CAfile', 'root.pem', '-noout', '-text'],
            files,
          );
          assert.equal(status, 0, output);
          assert.match(output, /verify OK/);
          assert.match(output, /X509v3 CRL Number: *\n *0?x?(4096|1000)/i);
        }
      });

      it('openssl refuses the revoked certificate and accepts the other', () => {
        const verify = (crl: string, leaf: string) =>
          judge(
            'openssl',
            ['verify', '-x509_strict', '-crl_check', '-CRLfile', crl, '-CAfile', 'root.pem', leaf],
            files,
          );
        assert.equal(verify('crl.pem', 'good.pem').status, 0, verify('crl.pem', 'good.pem').output);
        assert.equal(verify('empty.pem', 'bad.pem').status, 0);
        for (const crl of ['crl.pem', 'unspecified.pem']) {
          assert.notEqual(verify(crl, 'bad.pem').status, 0);
          assert.match(verify(crl, 'bad.pem').output, /certificate revoked/);
        }
      });

      it('GnuTLS and Python verify it', () => {
        const gnutls = judge(
          'certtool',
          ['--verify-crl', '--load-ca-certificate', 'root.pem', '--infile', 'crl.pem'],
          files,
        );
        assert.equal(gnutls.status, 0, gnutls.output);
        assert.match(gnutls.output, /verified/i);
        for (const file of ['crl.pem', 'empty.pem']) {
          const python = judge('python3', ['-c', PYTHON], { ...files, 'crl.pem': files[file] ?? '' });
          assert.equal(python.status, 0, python.output);
        }
      });

      it('ours reads the list of openssl', () => {
        const config =
          '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha384\ndefault_crl_days=30\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n';
        const when = `${inDays(-1)
          .toISOString()
          .replace(/[-:T]|\.\d+/g, '')
          .slice(2)}`;
        const end = good.certificate.notAfter
          .toISOString()
          .replace(/[-:T]|\.\d+/g, '')
          .slice(2);
        const row = `R\t${end}\t${when},keyCompromise\t${bad.certificate.serialNumber}\tunknown\t${bad.certificate.subjectOneLine}\n`;
        const { stdout, output } = judge(
          'openssl',
          ['ca', '-gencrl', '-config', 'c.cnf', '-cert', 'root.pem', '-keyfile', 'key.pem'],
          {
            ...files,
            'c.cnf': config,
            'index.txt': row,
            number: '1000\n',
            'key.pem': secretPrivateKeyPem(root.privateKey),
          },
        );
        const list = readRevocationList(stdout.length > 0 ? stdout : output);
        assert.ok(list.isSignedBy(root.certificate));
        assert.equal(list.number, 0x1000n);
        assert.equal(list.find(bad.certificate.serialNumber)?.reason, 'keyCompromise');
        assert.equal(list.find(good.certificate.serialNumber), undefined);
      });
    });
  }
});
