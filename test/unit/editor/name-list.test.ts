import assert from 'node:assert/strict';
import { guessNameType, readNameList, writeNameList } from '../../../src/editor/name-list';

describe('the list of names in the dialog', () => {
  const lists: { json: string; lines: { type: string; value: string }[] | undefined }[] = [
    { json: '', lines: [] },
    { json: '[]', lines: [] },
    { json: ' [ ] ', lines: [] },
    { json: '["dns:mosquitto"]', lines: [{ type: 'dns', value: 'mosquitto' }] },
    { json: '["DNS:mosquitto"]', lines: [{ type: 'dns', value: 'mosquitto' }] },
    { json: '["ip:fe80::1"]', lines: [{ type: 'ip', value: 'fe80::1' }] },
    { json: '["uri:urn:dev:1"]', lines: [{ type: 'uri', value: 'urn:dev:1' }] },
    { json: '["dns:"]', lines: [{ type: 'dns', value: '' }] },
    { json: '["mosquitto"]', lines: undefined },
    { json: '["other:1.2.3"]', lines: undefined },
    { json: '[1]', lines: undefined },
    { json: '{}', lines: undefined },
    { json: '"dns:mosquitto"', lines: undefined },
    { json: 'dns:mosquitto', lines: undefined },
  ];
  for (const { json, lines } of lists) {
    it(`reads ${json || 'nothing'}${lines ? '' : ' as no list, so that it is not lost'}`, () =>
      assert.deepEqual(readNameList(json), lines));
  }

  it('writes what it read, without empty lines and blanks around', () => {
    const json = '["dns:mosquitto.local","ip:192.168.0.147"]';
    assert.equal(writeNameList(readNameList(json) ?? []), json);
    assert.equal(
      writeNameList([
        { type: 'dns', value: '  a.b ' },
        { type: 'ip', value: ' ' },
      ]),
      '["dns:a.b"]',
    );
  });

  const guesses: [pasted: string, type: string | undefined][] = [
    ['192.168.0.147', 'ip'],
    ['fe80::1', 'ip'],
    ['mosquitto', 'dns'],
    ['win10.local', 'dns'],
    ['*.home.arpa', 'dns'],
    ['someone@example.org', 'email'],
    ['https://example.org/x', 'uri'],
    ['urn:dev:mac:0024befffe804ff1', 'uri'],
    ['two words', undefined],
    ['', undefined],
  ];
  for (const [pasted, type] of guesses) {
    it(`takes "${pasted}" for ${type ?? 'nothing known'}`, () => assert.equal(guessNameType(pasted), type));
  }
});
