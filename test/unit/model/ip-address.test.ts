import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { formatIpAddress, isMapped, parseIpAddress } from '../../../src/model/ip-address';
import { SeededRandom } from '../../support/seeded-random';

describe('IP address', () => {
  const accepted: [text: string, canonical: string, hex: string][] = [
    ['192.168.0.10', '192.168.0.10', 'c0a8000a'],
    ['0.0.0.0', '0.0.0.0', '00000000'],
    ['255.255.255.255', '255.255.255.255', 'ffffffff'],
    ['::', '::', '0'.repeat(32)],
    ['::1', '::1', `${'0'.repeat(31)}1`],
    ['1::', '1::', `0001${'0'.repeat(28)}`],
    ['2001:DB8::1', '2001:db8::1', '20010db8000000000000000000000001'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['0:0:0:0:0:ffff:1.2.3.4', '::ffff:1.2.3.4', '00000000000000000000ffff01020304'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['fe80::1.2.3.4', 'fe80::102:304', 'fe800000000000000000000001020304'],
  ];
  for (const [text, canonical, hex] of accepted) {
    it(`reads ${text}`, () => {
      const address = parseIpAddress(text);
      assert.equal(address?.text, canonical);
      assert.equal(Buffer.from(address.bytes).toString('hex'), hex);
      assert.equal(address.family, hex.length === 8 ? 4 : 6);
      assert.equal(formatIpAddress(Buffer.from(hex, 'hex')), canonical);
    });
  }

  const refused = [
    ...[
      '',
      '1',
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '999.1.1.1',
      '01.2.3.4',
      '1.2.3.04',
      '1.2.3.4 ',
      '1.2.3.-4',
      '1.2.3.4/24',
    ],
    ...[
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      '::1:2:3:4:5:6:7:8',
      '12345::',
    ],
    ...[
      'fe80::1%eth0',
      '[::1]',
      '::1/64',
      '1.2.3.4::',
      '::1.2.3',
      '::1.2.3.4:5',
      ':1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:',
      'g::',
    ],
    ...['0x7f.1.1.1', '１.２.３.４'],
  ];
  for (const text of refused) {
    it(`refuses "${text}"`, () => assert.equal(parseIpAddress(text), undefined));
  }

  it('knows IPv4 in IPv6 clothes', () => {
    assert.ok(isMapped(parseIpAddress('::ffff:1.2.3.4')?.bytes as Uint8Array));
    assert.ok(!isMapped(parseIpAddress('::1')?.bytes as Uint8Array));
  });

  it('agrees with Node and its URL reader on 5,000 random addresses', () => {
    const random = new SeededRandom(1);
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.from(Array.from({ length: 16 }, () => (random.next() < 0.6 ? 0 : random.below(256))));
      const text = formatIpAddress(bytes);
      assert.equal(isIP(text), 6, text);
      assert.deepEqual(Buffer.from(parseIpAddress(text)?.bytes ?? []), bytes);
      if (!isMapped(bytes)) assert.equal(new URL(`http://[${text}]`).hostname, `[${text}]`);
    }
  });

  it('accepts nothing that Node does not take for an address', () => {
    const random = new SeededRandom(2);
    const characters = '0123456789abcf:.:.::';
    for (let round = 0; round < 50_000; round++) {
      const text = Array.from({ length: 2 + random.below(14) }, () => characters[random.below(characters.length)]).join(
        '',
      );
      assert.equal(parseIpAddress(text)?.family ?? 0, isIP(text), text);
    }
  });
});
