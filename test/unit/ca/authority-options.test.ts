import assert from 'node:assert/strict';
import { authoritySettings, checkDays } from '../../../src/ca/authority-options';
import { TLS_CA_DEFAULTS, type TlsCaConfig } from '../../../src/model/config/tls-ca';
import type { ErrorCode } from '../../../src/model/errors';
import { refuses } from '../../support/coded-error';

describe('the settings of a CA', () => {
  it('have defaults for all but a name', () => {
    assert.deepEqual(authoritySettings({ ...TLS_CA_DEFAULTS, name: 'Home' }), {
      source: 'create',
      subject: { commonName: 'Home' },
      keyType: 'ec-p256',
      validityDays: 3650,
      leafValidityDays: 397,
      deviceValidityDays: 1825,
      renewBefore: { kind: 'percent', percent: 33 },
      crlDays: 30,
    });
  });

  it('take the common name before the name of the node, and constraints', () => {
    const settings = authoritySettings({
      ...TLS_CA_DEFAULTS,
      name: 'node',
      commonName: ' Home CA ',
      country: 'gb',
      nameConstraints: 'permitted:dns:home.arpa',
    });
    assert.deepEqual(settings.subject, { commonName: 'Home CA', country: 'GB' });
    assert.deepEqual(settings.nameConstraints?.permitted, [{ type: 'dns', value: 'home.arpa' }]);
  });

  const refused: [Partial<TlsCaConfig>, ErrorCode][] = [
    [{ name: '' }, 'INPUT_COMMON_NAME'],
    [{ commonName: 'x'.repeat(65) }, 'INPUT_COMMON_NAME'],
    [{ country: 'GBR' }, 'INPUT_SUBJECT'],
    [{ source: 'step-ca' as never }, 'INPUT_CONFIG'],
    [{ source: 'vault' as never }, 'INPUT_CONFIG'],
    [{ keyType: 'ed25519' as never }, 'INPUT_KEY_TYPE'],
    [{ validityDays: 0 }, 'INPUT_VALIDITY'],
    [{ leafValidityDays: -1 }, 'INPUT_VALIDITY'],
    [{ deviceValidityDays: 'soon' as never }, 'INPUT_VALIDITY'],
    [{ crlDays: NaN }, 'INPUT_VALIDITY'],
    [{ renewBefore: 'later' }, 'INPUT_VALIDITY'],
    [{ nameConstraints: 'home.arpa' }, 'INPUT_NAME_CONSTRAINTS'],
  ];
  for (const [config, code] of refused) {
    it(`refuse ${JSON.stringify(config)} with ${code}`, () => {
      refuses(() => authoritySettings({ ...TLS_CA_DEFAULTS, name: 'Home', ...config }), code);
    });
  }

  it('take days as typed inputs give them', () => {
    for (const [value, days] of [
      [1, 1],
      ['397', 397],
      [0.5, 0.5],
      [36_525, 36_525],
    ] as const) {
      assert.equal(checkDays('validityDays', value), days);
    }
    for (const value of [0, -1, 36_526, '', ' ', 'x', null, undefined, true, [5], Infinity]) {
      refuses(() => checkDays('validityDays', value), 'INPUT_VALIDITY');
    }
  });
});
