import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codedError } from '../../../src/model/errors';
import { errorWords, statusText, type StatusName } from '../../../src/node-red/status';
import { CHECKOUT } from '../../support/runtimes';

type Texts = { [key: string]: string | Texts };
const catalogue = JSON.parse(readFileSync(join(CHECKOUT, 'nodes', 'locales', 'en-US', 'tls-ca.json'), 'utf8')) as Texts;

/** As Node-RED translates: the key itself when there is no text. */
function translate(key: string): string {
  const path = key.replace(/^.*:/, '').split('.');
  const found = path.reduce<string | Texts | undefined>((at, part) => (at as Texts | undefined)?.[part], catalogue);
  return typeof found === 'string' ? found : key;
}

describe('the words under a node', () => {
  const rows: { field?: string; code?: 'INPUT_CONFIG' | 'NET_DNS'; words: string }[] = [
    { field: 'ca', words: 'CA not chosen or disabled' },
    { field: 'broker', words: 'broker not chosen or disabled' },
    { field: 'caFile', words: 'CA file not set' },
    { field: 'keepalive', words: 'setting missing or malformed' },
    { words: 'setting missing or malformed' },
    { code: 'NET_DNS', field: 'broker', words: 'host name does not resolve' },
  ];
  for (const { field, code = 'INPUT_CONFIG', words } of rows) {
    it(`are "${words}" for ${code} ${field ?? ''}`, () => {
      const error = codedError(code, 'a message', field ? { field } : {});
      assert.equal(errorWords({ _: translate } as never, error), words);
    });
  }

  const counted: [name: StatusName, values: Record<string, number>, words: string][] = [
    ['exported', { count: 1 }, '1 file'],
    ['exported', { count: 2 }, '2 files'],
    ['exported', { count: 0 }, '0 files'],
    ['issuedMany', { count: 1 }, '1 certificate'],
    ['importRemarks', { count: 1 }, 'ready, 1 remark'],
    ['probeOk', { days: 1 }, 'ok, 1 day left'],
    ['authorityEnding', { days: 1 }, 'CA ends in 1 day'],
    ['listed', { count: 1, total: 5 }, '1 of 5 certificates'],
  ];
  for (const [name, values, words] of counted) {
    it(`are "${words}" for ${name} of ${JSON.stringify(values)}`, () => {
      const filled = (key: string) =>
        translate(key).replace(/__(\w+)__/g, (_, field: string) => String(values[field] ?? ''));
      assert.equal(statusText({ _: filled } as never, name, values), words);
      assert.equal(statusText({ _: (key: string) => key } as never, name, values), words, 'without a catalogue');
    });
  }

  it('are the message where there is no catalogue', () => {
    const error = codedError('INPUT_CONFIG', 'x'.repeat(70), { field: 'ca' });
    assert.equal(errorWords({ _: (key: string) => key } as never, error), `${'x'.repeat(57)}…`);
  });
});
