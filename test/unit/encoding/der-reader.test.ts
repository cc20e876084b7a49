import assert from 'node:assert/strict';
import { readDer, type DerElement } from '../../../src/encoding/der-reader';
import { der } from '../../../src/encoding/der-writer';
import { isCodedError } from '../../../src/model/errors';
import { refuses } from '../../support/coded-error';
import { mutated, SeededRandom } from '../../support/seeded-random';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('DER reader', () => {
  const malformed: [what: string, hex: string][] = [
    ['nothing', ''],
    ['a tag alone', '30'],
    ['a length beyond the end', '3003 0500'],
    ['trailing bytes', '0500 00'],
    ['two elements', '0500 0500'],
    ['an indefinite length', '3080 0500 0000'],
    ['end-of-contents', '0000'],
    ['a long length below 128', '04 81 01 00'],
    ['a length with a leading zero', `04 82 0080 ${'00'.repeat(128)}`],
    ['a length of five octets', '04 85 0000000001 00'],
    ['a cut length', '04 82 01'],
    ['length octets FF', '04 ff'],
    ['a primitive SEQUENCE', '1000'],
    ['a primitive SET', '1100'],
    ['a constructed OCTET STRING', '2403 040100'],
    ['a constructed UTF8String', '2c03 0c0161'],
    ['a constructed INTEGER', '2203 020101'],
    ['a tag number above 30', '1f 81 00 00'],
    ['a child longer than its parent', '3003 0402 0000'],
    ['a child cut off', '3001 05'],
  ];
  for (const [what, hex] of malformed) {
    it(`refuses ${what}`, () => {
      refuses(() => readDer(bytes(hex)), 'DER_MALFORMED');
    });
  }

  type Read = (element: DerElement) => unknown;
  const typed: [what: string, hex: string, read: Read][] = [
    ['an empty INTEGER', '0200', (e) => e.integer('x')],
    ['a needless 00', '0202 0001', (e) => e.integer('x')],
    ['a needless FF', '0202 ff80', (e) => e.integer('x')],
    ['a negative small INTEGER', '0201 ff', (e) => e.smallInteger('x')],
    ['a small INTEGER above its limit', '0201 03', (e) => e.smallInteger('x', 2)],
    ['an ENUMERATED as INTEGER', '0a01 01', (e) => e.integer('x')],
    ['TRUE as 01', '0101 01', (e) => e.boolean('x')],
    ['an empty BOOLEAN', '0100', (e) => e.boolean('x')],
    ['a BOOLEAN of two octets', '0102 ffff', (e) => e.boolean('x')],
    ['NULL with content', '0501 00', (e) => e.nullValue('x')],
    ['an empty OID', '0600', (e) => e.oid('x')],
    ['an unfinished OID', '0602 2a86', (e) => e.oid('x')],
    ['an OID with leading 80', '0603 2a8001', (e) => e.oid('x')],
    ['an OID beginning with 80', '0602 8001', (e) => e.oid('x')],
    ['a huge OID', `0641 ${'2a'.repeat(65)}`, (e) => e.oid('x')],
    ['an empty BIT STRING', '0300', (e) => e.bitString('x')],
    ['8 unused bits', '0302 0800', (e) => e.bitString('x')],
    ['unused bits of nothing', '0301 01', (e) => e.bitString('x')],
    ['unused bits that are one', '0302 0401', (e) => e.bitString('x')],
    ['half an octet', '0302 04f0', (e) => e.bitOctets('x')],
    ['a wrong tag', '0401 00', (e) => e.bitOctets('x')],
    ['a context tag as universal', '8401 00', (e) => e.octetString('x')],
    ['UTF-8 cut off', '0c01 c3', (e) => e.text('x')],
    ['overlong UTF-8', '0c02 c080', (e) => e.text('x')],
    ['Latin-1 in PrintableString', '1301 fc', (e) => e.text('x')],
    ['odd BMPString', '1e01 61', (e) => e.text('x')],
    ['half a surrogate pair', '1e02 d800', (e) => e.text('x')],
    ['a character beyond Unicode', '1c04 00110000', (e) => e.text('x')],
    ['an INTEGER as text', '0201 61', (e) => e.text('x')],
    ['UTCTime without seconds', `170b ${Buffer.from('3001010000Z').toString('hex')}`, (e) => e.time('x')],
    ['UTCTime with an offset', `1711 ${Buffer.from('300101000000+0100').toString('hex')}`, (e) => e.time('x')],
    ['fractions of seconds', `1811 ${Buffer.from('20300101000000.5Z').toString('hex')}`, (e) => e.time('x')],
    ['30 February', `170d ${Buffer.from('300230000000Z').toString('hex')}`, (e) => e.time('x')],
    ['24 o’clock', `170d ${Buffer.from('300101240000Z').toString('hex')}`, (e) => e.time('x')],
    ['a leap second', `170d ${Buffer.from('301231235960Z').toString('hex')}`, (e) => e.time('x')],
    ['month 0', `170d ${Buffer.from('300001000000Z').toString('hex')}`, (e) => e.time('x')],
    ['a missing field', '3000', (e) => e.sequence('x').next('y')],
    ['a field too many', '3002 0500', (e) => e.sequence('x').end()],
    ['a SET as SEQUENCE', '3100', (e) => e.sequence('x')],
    ['two elements in EXPLICIT', 'a004 0500 0500', (e) => e.explicit(0, 'x')],
    ['none in EXPLICIT', 'a000', (e) => e.explicit(0, 'x')],
    ['a primitive EXPLICIT', '8000', (e) => e.explicit(0, 'x')],
    ['another number', 'a102 0500', (e) => e.explicit(0, 'x')],
    ['a constructed IMPLICIT string', 'a000', (e) => e.implicitOctets(0, 'x')],
    ['a primitive IMPLICIT list', '8000', (e) => e.implicitList(0, 'x')],
  ];
  for (const [what, hex, read] of typed) {
    it(`refuses ${what}`, () => {
      const element = readDer(bytes(hex));
      refuses(() => read(element), 'DER_MALFORMED', /^(x|y)?/);
    });
  }

  const values: [hex: string, read: Read, expected: unknown][] = [
    ['0202 ff7f', (e) => e.integer('x'), -129n],
    ['0202 0080', (e) => e.smallInteger('x'), 128],
    ['0603 883703', (e) => e.oid('x'), '2.999.3'],
    ['0601 00', (e) => e.oid('x'), '0.0'],
    ['0601 4f', (e) => e.oid('x'), '1.39'],
    ['0601 50', (e) => e.oid('x'), '2.0'],
    ['0301 00', (e) => e.namedBits('x'), []],
    ['0303 0700 80', (e) => e.namedBits('x'), [8]],
    ['0302 00a0', (e) => e.namedBits('x'), [0, 2]],
    ['1e04 006100fc', (e) => e.text('x'), 'aü'],
    ['1401 fc', (e) => e.text('x'), 'ü'],
    ['0c03 efbbbf', (e) => e.text('x'), '\ufeff'],
    [`170d ${Buffer.from('491231235959Z').toString('hex')}`, (e) => e.time('x'), new Date('2049-12-31T23:59:59Z')],
    [`170d ${Buffer.from('500101000000Z').toString('hex')}`, (e) => e.time('x'), new Date('1950-01-01T00:00:00Z')],
    [`180f ${Buffer.from('20000229000000Z').toString('hex')}`, (e) => e.time('x'), new Date('2000-02-29T00:00:00Z')],
  ];
  for (const [hex, read, expected] of values) {
    it(`reads ${hex}`, () => assert.deepEqual(read(readDer(bytes(hex))), expected));
  }

  it('refuses what is too deep, at the limit exactly', () => {
    const nested = (depth: number) => {
      let element = der.nullValue();
      for (let level = 0; level < depth; level++) element = der.sequence(element);
      return element;
    };
    readDer(nested(32));
    refuses(() => readDer(nested(33)), 'DER_TOO_DEEP');
    refuses(() => readDer(Buffer.from('30'.repeat(100_000), 'hex')), 'DER_MALFORMED');
  });

  it('refuses what is too large, at the limit exactly', () => {
    readDer(der.octetString(Buffer.alloc(96)), { maxBytes: 98 });
    refuses(() => readDer(der.octetString(Buffer.alloc(97)), { maxBytes: 98 }), 'DER_TOO_LARGE');
  });

  it('refuses too many elements, at the limit exactly: two bytes become an object', () => {
    const many = (count: number) => der.sequenceOf(Array.from({ length: count }, () => der.nullValue()));
    assert.equal(readDer(many(9), { maxElements: 10 }).children().length, 9);
    refuses(() => readDer(many(10), { maxElements: 10 }), 'DER_TOO_LARGE', /more than 10 elements/);
    refuses(() => readDer(many(300_000)), 'DER_TOO_LARGE');
  });

  it('refuses what is no bytes', () => {
    refuses(() => readDer('3000' as unknown as Buffer), 'DER_MALFORMED');
  });

  it('reads a view into a larger buffer', () => {
    const buffer = Buffer.concat([Buffer.alloc(3), der.integer(5), Buffer.alloc(3)]);
    assert.equal(readDer(new Uint8Array(buffer.buffer, buffer.byteOffset + 3, 3)).integer('x'), 5n);
  });

  it('ends 20,000 random inputs in a value or a coded error', () => {
    const random = new SeededRandom(3);
    const original = der.sequence(
      der.integer(300),
      der.oid('2.5.4.3'),
      der.set(der.utf8String('ü'), der.boolean(true)),
    );
    for (let round = 0; round < 20_000; round++) {
      const input = mutated(original, random);
      try {
        assert.equal(readDer(input).raw.length, input.length);
      } catch (error) {
        if (!isCodedError(error)) throw error;
      }
    }
  });
});
