import assert from 'node:assert/strict';
import { der } from '../../../src/encoding/der-writer';
import { readDer } from '../../../src/encoding/der-reader';
import { refuses } from '../../support/coded-error';
import { judge } from '../../support/openssl';

const hex = (bytes: Buffer) => bytes.toString('hex');

describe('DER writer', () => {
  const table: [what: string, bytes: Buffer, expected: string][] = [
    ['INTEGER 0', der.integer(0), '020100'],
    ['INTEGER 127', der.integer(127), '02017f'],
    ['INTEGER 128', der.integer(128), '02020080'],
    ['INTEGER 256', der.integer(256n), '02020100'],
    ['INTEGER -1', der.integer(-1), '0201ff'],
    ['INTEGER -128', der.integer(-128), '020180'],
    ['INTEGER -129', der.integer(-129), '0202ff7f'],
    ['INTEGER 2^64', der.integer(1n << 64n), '0209010000000000000000'],
    ['an unsigned number with the top bit', der.integer(Buffer.from('80', 'hex')), '02020080'],
    ['an unsigned number with leading zeros', der.integer(Buffer.from('000001', 'hex')), '020101'],
    ['no octets as 0', der.integer(Buffer.alloc(0)), '020100'],
    ['zero octets as 0', der.integer(Buffer.alloc(3)), '020100'],
    ['ENUMERATED', der.enumerated(4), '0a0104'],
    ['TRUE as FF', der.boolean(true), '0101ff'],
    ['FALSE', der.boolean(false), '010100'],
    ['NULL', der.nullValue(), '0500'],
    ['OBJECT IDENTIFIER', der.oid('1.2.840.113549.1.1.11'), '06092a864886f70d01010b'],
    ['OBJECT IDENTIFIER below 2', der.oid('2.999.3'), '0603883703'],
    ['a large arc', der.oid('2.25.340282366920938463'), '060a6984dcbba0a89d9ba75f'],
    ['OCTET STRING', der.octetString(Buffer.from('0102', 'hex')), '04020102'],
    ['BIT STRING', der.bitString(Buffer.from('ff', 'hex'), 4), '030204f0'],
    ['empty BIT STRING', der.bitString(Buffer.alloc(0)), '030100'],
    ['named bits without trailing zeros', der.namedBits([0, 2]), '030205a0'],
    ['named bits of nine', der.namedBits([8]), '0303070080'],
    ['no named bits', der.namedBits([]), '030100'],
    ['UTF8String', der.utf8String('ü'), '0c02c3bc'],
    ['PrintableString', der.printableString('GB'), '13024742'],
    ['IA5String', der.ia5String('a@b'), '1603614062'],
    ['UTCTime until 2049', der.time(new Date('2049-12-31T23:59:59.999Z')), '170d3439313233313233353935395a'],
    ['GeneralizedTime from 2050', der.time(new Date('2050-01-01T00:00:00Z')), '180f32303530303130313030303030305a'],
    ['UTCTime from 1950', der.time(new Date('1950-01-01T00:00:00Z')), '170d3530303130313030303030305a'],
    ['GeneralizedTime before', der.time(new Date('1949-12-31T23:59:59Z')), '180f31393439313233313233353935395a'],
    ['SET OF, sorted', der.set(der.integer(2), der.integer(1), der.boolean(true)), '31090101ff020101020102'],
    ['[0] EXPLICIT', der.explicit(0, der.integer(2)), 'a003020102'],
    ['[1] IMPLICIT', der.implicit(1, Buffer.from('a')), '810161'],
    ['[1] IMPLICIT SEQUENCE', der.implicit(1, der.nullValue(), true), 'a1020500'],
    ['length 127', der.octetString(Buffer.alloc(127)).subarray(0, 3), '047f00'],
    ['length 128', der.octetString(Buffer.alloc(128)).subarray(0, 3), '048180'],
    ['length 256', der.octetString(Buffer.alloc(256)).subarray(0, 4), '04820100'],
    ['length 65536', der.octetString(Buffer.alloc(65536)).subarray(0, 5), '0483010000'],
  ];
  for (const [what, bytes, expected] of table) it(`writes ${what}`, () => assert.equal(hex(bytes), expected));

  const refused: [what: string, run: () => Buffer][] = [
    ['a fraction', () => der.integer(1.5)],
    ['a number beyond 2^53', () => der.integer(2 ** 53)],
    ['an OID of one arc', () => der.oid('1')],
    ['an OID with root 3', () => der.oid('3.1')],
    ['an OID 1.40', () => der.oid('1.40')],
    ['an OID of words', () => der.oid('a.b')],
    ['an umlaut as PrintableString', () => der.printableString('ü')],
    ['* as PrintableString', () => der.printableString('*')],
    ['an umlaut as IA5String', () => der.ia5String('ü')],
    ['no date', () => der.time(new Date(Number.NaN))],
    ['the year 10000', () => der.time(new Date('+010000-01-01T00:00:00Z'))],
    ['8 unused bits', () => der.bitString(Buffer.alloc(1), 8)],
    ['unused bits of nothing', () => der.bitString(Buffer.alloc(0), 1)],
  ];
  for (const [what, run] of refused) {
    it(`refuses ${what}`, () => {
      refuses(run, 'DER_MALFORMED');
    });
  }

  it('writes what OpenSSL and its own reader read', () => {
    const elements = table
      .map(([, bytes]) => bytes)
      .filter((bytes) => bytes.length < 128 && bytes.length > 5 && bytes[0] !== 4);
    const bytes = der.sequence(...elements);
    assert.equal(readDer(bytes).children().length, elements.length);
    const { status, output } = judge('openssl', ['asn1parse', '-inform', 'DER', '-in', 'a.der'], { 'a.der': bytes });
    assert.equal(status, 0, output);
  });
});
