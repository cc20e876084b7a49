import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../src/model/errors';
import { checkPort, formatTarget, parseTarget, verifiedName, type Target } from '../../../src/model/target';
import { refuses } from '../../support/coded-error';

describe('target', () => {
  const rows: [text: string, expected: Target, shown?: string][] = [
    ['broker.local', { protocol: 'mqtts', host: 'broker.local', port: 8883, path: '' }, 'mqtts://broker.local:8883'],
    ['broker.local:1234', { protocol: 'mqtts', host: 'broker.local', port: 1234, path: '' }],
    ['  broker.local:1234  ', { protocol: 'mqtts', host: 'broker.local', port: 1234, path: '' }],
    ['192.168.0.147:8883', { protocol: 'mqtts', host: '192.168.0.147', port: 8883, path: '' }],
    [
      '[2001:db8::1]:8884',
      { protocol: 'mqtts', host: '2001:db8::1', port: 8884, path: '' },
      'mqtts://[2001:db8::1]:8884',
    ],
    ['[::1]', { protocol: 'mqtts', host: '::1', port: 8883, path: '' }],
    ['2001:db8::1', { protocol: 'mqtts', host: '2001:db8::1', port: 8883, path: '' }],
    ['[fe80::1%eth0]:8884', { protocol: 'mqtts', host: 'fe80::1%eth0', port: 8884, path: '' }],
    ['mqtts://[::1]:8884/', { protocol: 'mqtts', host: '::1', port: 8884, path: '' }],
    ['MQTTS://Broker', { protocol: 'mqtts', host: 'Broker', port: 8883, path: '' }],
    ['ssl://broker', { protocol: 'mqtts', host: 'broker', port: 8883, path: '' }],
    ['mqtt://broker', { protocol: 'mqtt', host: 'broker', port: 1883, path: '' }],
    ['tcp://broker:1884', { protocol: 'mqtt', host: 'broker', port: 1884, path: '' }],
    ['tls://broker', { protocol: 'tls', host: 'broker', port: 443, path: '' }],
    ['https://example.org', { protocol: 'https', host: 'example.org', port: 443, path: '/' }],
    ['wss://example.org/mqtt?a=b#c', { protocol: 'wss', host: 'example.org', port: 443, path: '/mqtt?a=b' }],
    ['wss://example.org:9001', { protocol: 'wss', host: 'example.org', port: 9001, path: '/' }],
    ['my_broker.', { protocol: 'mqtts', host: 'my_broker.', port: 8883, path: '' }],
    ['bücher.example', { protocol: 'mqtts', host: 'bücher.example', port: 8883, path: '' }],
  ];
  for (const [text, expected, shown] of rows) {
    it(`reads ${text}`, () => {
      const target = parseTarget(text);
      assert.deepEqual(target, expected);
      if (shown) assert.equal(formatTarget(target), shown);
      assert.deepEqual(parseTarget(formatTarget(target)), expected, 'what is written can be read');
    });
  }

  const refused: [text: unknown, code: ErrorCode][] = [
    ['', 'INPUT_TARGET'],
    ['   ', 'INPUT_TARGET'],
    [undefined, 'INPUT_TARGET'],
    [{ host: 'x' }, 'INPUT_TARGET'],
    ['ftp://broker', 'INPUT_TARGET'],
    ['javascript://x', 'INPUT_TARGET'],
    ['mqtts://user:secret@broker', 'INPUT_TARGET'],
    ['[1.2.3.4]:8883', 'INPUT_TARGET'],
    ['[::1', 'INPUT_TARGET'],
    ['a:b:c', 'INPUT_TARGET'],
    ['two words', 'INPUT_TARGET'],
    ['host\n:1', 'INPUT_TARGET'],
    ['host\u0000x', 'INPUT_TARGET'],
    [':8883', 'INPUT_TARGET'],
    ['wss://broker/a b', 'INPUT_TARGET'],
    ['wss://broker/a\r\nX-Evil: 1', 'INPUT_TARGET'],
    ['x'.repeat(3000), 'INPUT_TARGET'],
    ['broker:', 'INPUT_PORT'],
    ['broker:0', 'INPUT_PORT'],
    ['broker:65536', 'INPUT_PORT'],
    ['broker:80x', 'INPUT_PORT'],
    ['broker:-1', 'INPUT_PORT'],
    ['[::1]:x', 'INPUT_PORT'],
  ];
  for (const [text, code] of refused) {
    it(`refuses ${JSON.stringify(text)?.slice(0, 40)}`, () => {
      const error = refuses(() => parseTarget(text), code);
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error.cause)}`, /secret/);
    });
  }

  it('takes what the text does not say from the defaults', () => {
    assert.deepEqual(parseTarget('a', { port: 1, servername: 'b', protocol: 'tls' }), {
      protocol: 'tls',
      host: 'a',
      port: 1,
      path: '',
      servername: 'b',
    });
    assert.equal(parseTarget('https://a', { port: 8883 }).port, 443, 'a protocol brings its own port');
    assert.equal(verifiedName({ host: 'a', servername: 'b' }), 'b');
    assert.equal(verifiedName({ host: 'a' }), 'a');
  });

  it('checks ports', () => {
    assert.equal(checkPort(' 8883 '), 8883);
    assert.equal(checkPort(65535), 65535);
    for (const wrong of [0, 1.5, NaN, 70000, '', 'x', null, undefined, {}, '0x10'])
      refuses(() => checkPort(wrong), 'INPUT_PORT');
  });
});
