import assert from 'node:assert/strict';
import { der } from '../../../src/encoding/der-writer';
import { Certificate } from '../../../src/pki/certificate';
import { issuerReference, referenceMismatch } from '../../../src/pki/issuer-reference';
import { rootCa, server } from '../../support/chain-cases/chain-case';
import { rawExtension, rawKeyId, rawName } from '../../support/raw-certificate';

describe('issuer reference', () => {
  const root = rootCa('Root', { serial: Buffer.from([0x22]) });
  const issuer = Certificate.fromDer(root.der);
  const referring = (...parts: Buffer[]) =>
    Certificate.fromDer(server(root, { with: { issuerId: rawExtension('2.5.29.35', der.sequence(...parts)) } }).der);
  const keyId = (bytes: Buffer) => der.implicit(0, bytes);
  const name = (text: string) => der.implicit(1, der.explicit(4, rawName(text)), true);
  const serial = (...bytes: number[]) => der.implicit(2, Buffer.from(bytes));

  const rows: [what: string, certificate: Certificate, mismatch: RegExp | undefined][] = [
    ['nothing', referring(), undefined],
    ['the key', referring(keyId(rawKeyId(root.key))), undefined],
    [
      'another key',
      referring(keyId(Buffer.alloc(2, 7))),
      /^names the key 0707 as its issuer's, "CN=Root" has [0-9A-F]{40}$/,
    ],
    ['issuer and serial', referring(name('Root'), serial(0x22)), undefined],
    ['a serial with a zero in front', referring(name('Root'), serial(0, 0x22)), undefined],
    ['another serial', referring(name('Root'), serial(0x23)), /names the certificate 23 .* has serial 22/],
    ['another issuer', referring(name('Other'), serial(0x22)), /says "CN=Other" issued .* comes from "CN=Root"/],
    ['the issuer in another case', referring(name('ROOT'), serial(0x22)), undefined],
  ];
  for (const [what, certificate, mismatch] of rows) {
    it(`that names ${what}`, () => {
      const found = referenceMismatch(certificate, issuer);
      if (mismatch) assert.match(found ?? '', mismatch);
      else assert.equal(found, undefined);
    });
  }

  it('is read as far as it can be', () => {
    assert.deepEqual(issuerReference(referring(serial(0x22))), { serialNumber: '22' });
    assert.equal(issuerReference(referring(der.integer(1)))?.keyId, undefined);
    assert.equal(issuerReference(Certificate.fromDer(server(root, { with: { issuerId: undefined } }).der)), undefined);
  });
});
