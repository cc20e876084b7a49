import assert from 'node:assert/strict';
import forge from 'node-forge';
import { formatSubjectAltName, parseSubjectAltNames } from '../../src/model/subject-alt-name';
import { createCertificateRequest, readCertificateRequest } from '../../src/pki/certificate-request';
import { generatePrivateKey } from '../../src/pki/key-generation';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { judge } from '../support/openssl';

const NAMES = ['dns:dev01.local', 'ip:10.0.0.1', 'ip:2001:db8::1', 'uri:urn:x:y', 'email:a@b.example'];

const PYTHON = `
from cryptography import x509
request = x509.load_pem_x509_csr(open('r.csr', 'rb').read())
assert request.is_signature_valid
print(request.subject.rfc4514_string())
print(list(request.extensions))
`;

describe('certificate requests, judged by other programs', () => {
  for (const keyType of ['ec-p256', 'ec-p384', 'rsa-2048'] as const) {
    describe(keyType, () => {
      it('openssl, GnuTLS and Python read and verify ours', async () => {
        const privateKey = await generatePrivateKey(keyType);
        const subject = { commonName: 'dev01', organization: 'Zoë', country: 'GB' };
        for (const subjectAltNames of [parseSubjectAltNames(NAMES), []]) {
          const { pem } = await createCertificateRequest({ subject, subjectAltNames, privateKey });
          const files = { 'r.csr': pem };
          const openssl = judge('openssl', ['req', '-in', 'r.csr', '-verify', '-noout', '-text'], files);
          assert.equal(openssl.status, 0, openssl.output);
          assert.match(openssl.output, /verify OK/);
          if (subjectAltNames.length > 0) assert.match(openssl.output, /DNS:dev01\.local, IP Address:10\.0\.0\.1/);
          const gnutls = judge('certtool', ['--crq-info', '--infile', 'r.csr'], files);
          assert.equal(gnutls.status, 0, gnutls.output);
          assert.match(gnutls.output, /Self signature: verified/);
          const python = judge('python3', ['-c', PYTHON], files);
          assert.equal(python.status, 0, python.output);
          assert.match(python.output, /^CN=dev01,O=Zoë,C=GB/);
          if (keyType === 'rsa-2048') assert.ok(forge.pki.certificationRequestFromPem(pem).verify());
        }
      });

      it('ours reads those of openssl and GnuTLS', async () => {
        const privateKey = await generatePrivateKey(keyType);
        const files = {
          'k.pem': secretPrivateKeyPem(privateKey),
          'template.cfg':
            'cn = "dev01"\norganization = "Home"\ndns_name = "dev01.local"\nip_address = "10.0.0.1"\nsigning_key\ntls_www_client\n',
        };
        const made = [
          judge(
            'openssl',
            [
              'req',
              '-new',
              '-key',
              'k.pem',
              '-subj',
              '/O=Home/CN=dev01',
              '-addext',
              'subjectAltName=DNS:dev01.local,IP:10.0.0.1',
            ],
            files,
          ),
          judge(
            'openssl',
            [
              'req',
              '-new',
              '-outform',
              'DER',
              '-key',
              'k.pem',
              '-subj',
              '/O=Home/CN=dev01',
              '-addext',
              'subjectAltName=DNS:dev01.local,IP:10.0.0.1',
            ],
            files,
          ),
          judge('certtool', ['--generate-request', '--load-privkey', 'k.pem', '--template', 'template.cfg'], files),
        ];
        for (const { stdout, output } of made) {
          const request = readCertificateRequest(stdout);
          assert.deepEqual(request.subject, { commonName: 'dev01', organization: 'Home' }, output);
          assert.deepEqual(request.subjectAltNames.map(formatSubjectAltName).sort(), [
            'dns:dev01.local',
            'ip:10.0.0.1',
          ]);
          assert.equal(request.keyType, keyType);
        }
      });
    });
  }
});
