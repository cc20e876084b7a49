import assert from 'node:assert/strict';
import {
  formatSubjectAltName,
  MAX_SUBJECT_ALT_NAMES,
  parseSubjectAltName,
  parseSubjectAltNames,
} from '../../../src/model/subject-alt-name';
import { refuses } from '../../support/coded-error';

describe('subjectAltName', () => {
  const accepted: [text: string, expected: string, allowWildcard?: boolean][] = [
    ['dns:mosquitto', 'dns:mosquitto'],
    ['DNS:Broker.Local', 'dns:broker.local'],
    [' dns: broker.local ', 'dns:broker.local'],
    ['dns:bücher.example', 'dns:xn--bcher-kva.example'],
    ['dns:BÜCHER.example', 'dns:xn--bcher-kva.example'],
    ['dns:xn--bcher-kva.example', 'dns:xn--bcher-kva.example'],
    [`dns:${'a'.repeat(63)}.b`, `dns:${'a'.repeat(63)}.b`],
    ['dns:r3---sn.example', 'dns:r3---sn.example'],
    ['dns:1a.example', 'dns:1a.example'],
    ['dns:xn--a.example', 'dns:xn--a.example'],
    ['dns:*.local', 'dns:*.local', true],
    ['dns:*.Bücher.example', 'dns:*.xn--bcher-kva.example', true],
    ['ip:192.168.0.147', 'ip:192.168.0.147'],
    ['IP:[2001:DB8::1]', 'ip:2001:db8::1'],
    ['ip:0:0:0:0:0:0:0:1', 'ip:::1'],
    ['uri:urn:dev:ow:10e2073a0108006', 'uri:urn:dev:ow:10e2073a0108006'],
    ['URI:spiffe://home.arpa/device/1', 'uri:spiffe://home.arpa/device/1'],
    ['email:someone@Host.example', 'email:someone@host.example'],
    ['email:a.b+c@bücher.example', 'email:a.b+c@xn--bcher-kva.example'],
  ];
  for (const [text, expected, allowWildcard] of accepted) {
    it(`reads ${text.slice(0, 50)}`, () => {
      const name = parseSubjectAltName(text, { allowWildcard });
      assert.equal(formatSubjectAltName(name), expected);
      assert.deepEqual(parseSubjectAltName(expected, { allowWildcard }), name);
    });
  }

  const refused: [text: unknown, words: RegExp, allowWildcard?: boolean][] = [
    ['dns:', /is empty/],
    ['dns:my host', /no spaces/],
    ['dns:my_host', /underscore/],
    ['dns:host.', /ends with a dot/],
    ['dns:.host', /empty label/],
    ['dns:a..b', /empty label/],
    ['dns:-a.b', /hyphen/],
    ['dns:a-.b', /hyphen/],
    [`dns:${'a'.repeat(64)}.b`, /more than 63/],
    [`dns:${`${'a'.repeat(60)}.`.repeat(4)}${'a'.repeat(10)}`, /longer than 253/],
    ['dns:192.168.0.1', /not a DNS name.*Write ip:192\.168\.0\.1/],
    ['dns:::1', /Write ip:::1/],
    ['dns:1.2.3', /ends in a number/],
    ['dns:host.0x7f', /ends in a number/],
    ['dns:１２７.0.0.1', /number/],
    ['dns:host:8883', /without port/],
    ['dns:mqtts://host', /a URL/],
    ['dns:host/path', /a URL/],
    ['dns:a%41.b', /not a DNS name/],
    ['dns:a@b', /not a DNS name/],
    ['dns:a\tb', /no spaces/],
    ['dns:*.local', /wildcard name is not allowed/],
    ['dns:*', /whole first label/, true],
    ['dns:a*.local', /whole first label/, true],
    ['dns:*.*.local', /whole first label/, true],
    ['dns:a.*.local', /whole first label/, true],
    ['dns:*.1.2.3.4', /whole first label/, true],
    ['ip:999.1.1.1', /not an IP address/],
    ['ip:host', /write dns:host/],
    ['ip:192.168.0.0/24', /not an IP address/],
    ['ip:::ffff:1.2.3.4', /Write ip:1\.2\.3\.4/],
    ['ip:fe80::1%eth0', /without zone/],
    ['uri:host', /absolute URI/],
    ['uri:http://bücher.example', /ASCII/],
    ['uri:urn:a b', /absolute URI/],
    ['uri:urn:%zz', /absolute URI/],
    ['email:host.example', /not an e-mail/],
    ['email:ü@host.example', /not an e-mail/],
    ['email:a@b@192.168.0.1', /not an e-mail/],
    ['mosquitto', /Write dns:mosquitto/],
    ['192.168.0.1', /Write ip:192\.168\.0\.1/],
    ['', /does not say/],
    ['dir:x', /does not say/],
    ['__proto__:x', /does not say/],
    ['constructor:x', /does not say/],
    [5, /not a text/],
    [null, /not a text/],
    [{ type: 'dns' }, /not a text/],
    [`dns:${'a'.repeat(5000)}`, /characters/],
  ];
  for (const [text, words, allowWildcard] of refused) {
    it(`refuses ${JSON.stringify(text).slice(0, 50)}`, () => {
      const error = refuses(
        () => parseSubjectAltName(text as string, { allowWildcard }),
        'INPUT_SUBJECT_ALT_NAME',
        words,
      );
      assert.ok(error.hint);
    });
  }

  describe('lists', () => {
    it('reads arrays and JSON text alike, in order, without duplicates', () => {
      const list = ['dns:b', 'ip:1.2.3.4', 'dns:a', 'DNS:B'];
      const expected = ['dns:b', 'ip:1.2.3.4', 'dns:a'];
      assert.deepEqual(parseSubjectAltNames(list).map(formatSubjectAltName), expected);
      assert.deepEqual(parseSubjectAltNames(JSON.stringify(list)).map(formatSubjectAltName), expected);
    });

    for (const nothing of [undefined, null, '', '  ', [], '[]']) {
      it(`takes ${JSON.stringify(nothing)} as no names`, () => assert.deepEqual(parseSubjectAltNames(nothing), []));
    }

    it('says which one is wrong', () => {
      const error = refuses(() => parseSubjectAltNames(['dns:a', 'dns:b c']), 'INPUT_SUBJECT_ALT_NAME');
      assert.equal(error.cause.index, 1);
      assert.equal(error.cause.field, 'subjectAltNames');
    });

    it('takes 1,000 names and refuses 1,001', () => {
      const names = (count: number) => Array.from({ length: count }, (_, index) => `dns:h${index}.local`);
      assert.equal(parseSubjectAltNames(names(MAX_SUBJECT_ALT_NAMES)).length, 1000);
      refuses(() => parseSubjectAltNames(names(1001)), 'INPUT_SUBJECT_ALT_NAME', /at most 1000/);
    });

    for (const bad of ['dns:a', '{"a":1}', '[', 5, true, { length: 1 }, '"x"', '['.repeat(100_000)]) {
      it(`refuses ${JSON.stringify(bad).slice(0, 20)}`, () => {
        refuses(() => parseSubjectAltNames(bad), 'INPUT_SUBJECT_ALT_NAME');
      });
    }
  });
});
