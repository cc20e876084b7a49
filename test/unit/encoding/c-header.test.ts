import assert from 'node:assert/strict';
import { cHeader, cIdentifier, cPemLiteral } from '../../../src/encoding/c-header';
import { refuses } from '../../support/coded-error';

describe('C header', () => {
  it('writes twelve bytes a line, as xxd -i does', () => {
    assert.equal(
      cHeader('rootCA_certificate.der', Buffer.from('000102030405060708090a0b0c', 'hex')),
      'unsigned char rootCA_certificate_der[] = {\n' +
        '  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,\n' +
        '  0x0c\n' +
        '};\n' +
        'unsigned int rootCA_certificate_der_len = 13;\n',
    );
  });

  it('writes constants in flash for Arduino', () => {
    assert.equal(
      cHeader('ca.der', Buffer.from([255]), { progmem: true }),
      'const unsigned char ca_der[] PROGMEM = {\n  0xff\n};\nconst unsigned int ca_der_len = 1;\n',
    );
  });

  const names: [name: string, identifier: string][] = [
    ['ca.der', 'ca_der'],
    ['1a-b.der', '__1a_b_der'],
    ['ü.der', '___der'],
    ['a b/c', 'a_b_c'],
  ];
  for (const [name, identifier] of names) {
    it(`makes ${identifier} of ${name}`, () => assert.equal(cIdentifier(name), identifier));
  }

  it('refuses an empty name', () => {
    refuses(() => cIdentifier(''), 'INPUT_FOLDER');
  });

  it('writes PEM as a string literal, which ends with NUL by itself', () => {
    assert.equal(
      cPemLiteral('ca.pem', '-----BEGIN X-----\nAAAA\n-----END X-----\n', { progmem: true }),
      'const char ca_pem[] PROGMEM =\n  "-----BEGIN X-----\\n"\n  "AAAA\\n"\n  "-----END X-----\\n";\n',
    );
  });
});
