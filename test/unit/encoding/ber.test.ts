import assert from 'node:assert/strict';
import { berToDer } from '../../../src/encoding/ber';
import { der } from '../../../src/encoding/der-writer';
import { isCodedError, type ErrorCode } from '../../../src/model/errors';
import { refuses } from '../../support/coded-error';
import { toBer } from '../../support/raw-pkcs12';
import { mutated, SeededRandom } from '../../support/seeded-random';

const hex = (text: string) => Buffer.from(text.replace(/ /g, ''), 'hex');

const SAMPLE = der.sequence(
  der.integer(3),
  der.explicit(0, der.octetString(Buffer.alloc(300, 7))),
  der.set(der.sequence(der.oid('1.2.3'), der.octetString(Buffer.from([1, 2, 3])))),
  der.nullValue(),
);

describe('BER to DER', () => {
  const same: [what: string, ber: string, expected: string][] = [
    ['DER stays as it is', '3003 020105', '3003 020105'],
    ['an empty sequence', '3000', '3000'],
    ['an indefinite length', '3080 020105 0000', '3003 020105'],
    ['indefinite lengths within each other', '3080 3080 0000 020105 0000', '3005 3000 020105'],
    ['an indefinite length within a definite one', '3007 3080 020105 0000', '3005 3003 020105'],
    ['an octet string in pieces', '2480 040101 04020203 0000', '0403 010203'],
    ['pieces in pieces', '2480 2404 04020102 040103 0000', '0403 010203'],
    ['an octet string of no pieces', '2480 0000', '0400'],
    ['a length in more octets than needed', '30820003 020105', '3003 020105'],
    ['a length with many zeros', '308600000000 0003 020105', '3003 020105'],
    ['[0] IMPLICIT in pieces stays constructed', 'a080 040101 040102 0000', 'a006 040101 040102'],
  ];
  for (const [what, ber, expected] of same) {
    it(what, () => assert.equal(berToDer(hex(ber)).toString('hex'), expected.replace(/ /g, '')));
  }

  const refused: [what: string, ber: string, code: ErrorCode][] = [
    ['nothing', '', 'DER_MALFORMED'],
    ['an identifier alone', '30', 'DER_MALFORMED'],
    ['bytes behind the end', '3003 020105 00', 'DER_MALFORMED'],
    ['more announced than there', '3004 020105', 'DER_MALFORMED'],
    ['no end of contents', '3080 020105', 'DER_MALFORMED'],
    ['half an end of contents', '3080 020105 00', 'DER_MALFORMED'],
    ['an element longer than what holds it', '3003 020205', 'DER_MALFORMED'],
    ['an indefinite length of a primitive', '0480 0000', 'DER_MALFORMED'],
    ['integers as pieces of an octet string', '2480 020101 0000', 'DER_MALFORMED'],
    ['a length of five octets', '30850100000000 00', 'DER_MALFORMED'],
    ['127 octets of length', `30ff${'ff'.repeat(127)}`, 'DER_MALFORMED'],
    ['a tag number above 30', '1f8101 00', 'DER_MALFORMED'],
    ['a nesting of 100', '3080'.repeat(100), 'DER_TOO_DEEP'],
  ];
  for (const [what, ber, code] of refused) {
    it(`refuses ${what}`, () => void refuses(() => berToDer(hex(ber)), code));
  }

  it('refuses what is larger than allowed', () => {
    refuses(() => berToDer(SAMPLE, { maxBytes: SAMPLE.length - 1 }), 'DER_TOO_LARGE');
    assert.deepEqual(berToDer(SAMPLE, { maxBytes: SAMPLE.length }), SAMPLE);
    refuses(() => berToDer(SAMPLE, { maxElements: 8 }), 'DER_TOO_LARGE', /8 elements/);
    assert.deepEqual(berToDer(SAMPLE, { maxElements: 9 }), SAMPLE);
  });

  it('gives back what was taken apart', () => {
    const ber = toBer(SAMPLE);
    assert.notDeepEqual(ber, SAMPLE);
    assert.deepEqual(berToDer(ber), SAMPLE);
  });

  it('30,000 mutations end in DER that stays the same, or in a coded error', () => {
    const random = new SeededRandom(7292);
    const ber = toBer(SAMPLE);
    for (let round = 0; round < 30_000; round++) {
      const bytes = mutated(ber, random);
      try {
        const once = berToDer(bytes);
        assert.deepEqual(berToDer(once), once);
      } catch (error) {
        if (!isCodedError(error)) throw error;
      }
    }
  });
});
