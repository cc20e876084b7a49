import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { formatPin, matchesPin, parsePins, pinsOf } from '../../../src/tls/pin';
import { handmadeRoot, handmadeServer } from '../../support/certificates-fixture';
import { refuses } from '../../support/coded-error';

const root = handmadeRoot();
const server = handmadeServer(root);
const renewed = handmadeServer(root, { key: server.privateKey });
const { der, fingerprint256, spki } = server.certificate;
const spkiPin = createHash('sha256').update(spki).digest('base64');

describe('pin', () => {
  it('reads every way of writing and writes its own', () => {
    const hex = fingerprint256.replaceAll(':', '').toLowerCase();
    const pins = parsePins(`cert:${fingerprint256}, CERT:${hex}\nspki:${spkiPin};sha256//${spkiPin}`);
    assert.deepEqual(pins.map(formatPin), [`cert:${hex}`, `cert:${hex}`, `spki:${spkiPin}`, `spki:${spkiPin}`]);
    assert.deepEqual(parsePins(''), []);
    assert.deepEqual(parsePins(undefined), []);
  });

  for (const wrong of [
    'cert:00',
    'abc',
    `cert:${'g'.repeat(64)}`,
    'spki:short',
    `cert:${spkiPin}`,
    'cert:',
    'cert: ab',
    '*',
    ',',
    ' ,; ',
  ]) {
    it(`refuses ${wrong}`, () => {
      refuses(() => parsePins(wrong), 'INPUT_PIN');
    });
  }

  it('refuses a flood', () => {
    refuses(() => parsePins('x '.repeat(51)), 'INPUT_PIN');
  });

  const rows: [name: string, pins: string, certificate: Buffer, matches: boolean][] = [
    ['no pin demands nothing', '', der, true],
    ['its own certificate', `cert:${fingerprint256}`, der, true],
    ['its own key', `spki:${spkiPin}`, der, true],
    ['a renewal with the same key fits the key', `spki:${spkiPin}`, renewed.certificate.der, true],
    ['a renewal does not fit the certificate', `cert:${fingerprint256}`, renewed.certificate.der, false],
    ['one of several is enough', `cert:${'00'.repeat(32)} spki:${spkiPin}`, der, true],
    ['another certificate', `spki:${spkiPin}`, root.certificate.der, false],
    ['rubbish', `spki:${spkiPin}`, Buffer.from('rubbish'), false],
  ];
  for (const [name, pins, certificate, matches] of rows) {
    it(name, () => assert.equal(matchesPin(certificate, parsePins(pins)), matches));
  }

  it('shows the pins of a certificate', () => {
    const own = pinsOf(der);
    assert.equal(formatPin(own.cert), `cert:${fingerprint256.replaceAll(':', '').toLowerCase()}`);
    assert.equal(own.spki && formatPin(own.spki), `spki:${spkiPin}`);
  });
});
