import assert from 'node:assert/strict';
import { readSelector } from '../../../src/model/selector';
import { normalizeSerialNumber } from '../../../src/model/serial-number';
import { refuses } from '../../support/coded-error';

describe('selector', () => {
  const accepted: [value: unknown, by: 'serial' | 'name', expected: string][] = [
    ['dev01', 'name', 'dev01'],
    [' dev01 ', 'name', 'dev01'],
    ['name:dev01', 'name', 'dev01'],
    ['name:serial:1', 'name', 'serial:1'],
    ['serial:0a', 'serial', '0A'],
    ['serial:a:b:c', 'serial', '0ABC'],
    [{ serialNumber: '131', commonName: 'x' }, 'serial', '0131'],
    [{ commonName: 'dev01', other: 1 }, 'name', 'dev01'],
    ['Zoe\u0308', 'name', 'Zo\u00eb'],
  ];
  for (const [value, by, expected] of accepted) {
    it(`reads ${JSON.stringify(value)}`, () => assert.deepEqual(readSelector(value), { by, value: expected }));
  }

  const refused = [
    '',
    ' ',
    'name:',
    'serial:',
    'serial:xyz',
    undefined,
    null,
    5,
    true,
    [],
    ['dev01'],
    {},
    Buffer.from('a'),
  ];
  for (const value of [...refused, { serialNumber: 5, commonName: 'a' }, { commonName: 5 }, 'x'.repeat(257)]) {
    it(`refuses ${JSON.stringify(value)?.slice(0, 40)}`, () => {
      assert.ok(refuses(() => readSelector(value), 'INPUT_SELECTOR').hint);
    });
  }
});

describe('serial number', () => {
  const accepted: [text: string, expected: string][] = [
    ['1', '01'],
    ['0131', '0131'],
    ['000131', '0131'],
    ['00', '00'],
    ['0xabc', '0ABC'],
    ['46:F3:5a', '46F35A'],
    [' ff ', 'FF'],
    [`00${'7f'.repeat(20)}`, '7F'.repeat(20)],
  ];
  for (const [text, expected] of accepted) {
    it(`reads ${text}`, () => assert.equal(normalizeSerialNumber(text), expected));
  }

  for (const text of ['', ':', 'g', '-1', '1 2', 'ff'.repeat(21), '0'.repeat(200), 5]) {
    it(`refuses "${text}"`, () => {
      refuses(() => normalizeSerialNumber(text as string), 'INPUT_SELECTOR');
    });
  }
});
