import assert from 'node:assert/strict';
import { parseNameConstraints } from '../../../src/model/name-constraints';
import { refuses } from '../../support/coded-error';

describe('name constraints', () => {
  it('reads permitted and excluded names, separated by commas or lines', () => {
    assert.deepEqual(
      parseNameConstraints(
        'permitted:dns:Home.arpa, permitted:ip:192.168.0.0/16\nexcluded:ip:fd00::/8\r\nexcluded:email:.b.example',
      ),
      {
        permitted: [
          { type: 'dns', value: 'home.arpa' },
          { type: 'ip', value: '192.168.0.0/16' },
        ],
        excluded: [
          { type: 'ip', value: 'fd00::/8' },
          { type: 'email', value: '.b.example' },
        ],
      },
    );
    assert.deepEqual(parseNameConstraints('permitted:ip:10.0.0.1')?.permitted, [{ type: 'ip', value: '10.0.0.1/32' }]);
  });

  for (const text of ['', ' ', ',\n,']) {
    it(`takes ${JSON.stringify(text)} as none`, () => assert.equal(parseNameConstraints(text), undefined));
  }

  for (const text of [
    ...['dns:a', 'permitted:a', 'permitted:dns:', 'permitted:dns:a b', 'allowed:dns:a', 'permitted:dns:my_host'],
    ...[
      'permitted:ip:10.0.0.0/33',
      'permitted:ip:10.0.0.1/24',
      'permitted:ip:10.0.0.0/8/8',
      'permitted:ip:x/8',
      'permitted:ip:::1/129',
    ],
  ]) {
    it(`refuses ${text}`, () => {
      refuses(() => parseNameConstraints(text), 'INPUT_NAME_CONSTRAINTS');
    });
  }
});
