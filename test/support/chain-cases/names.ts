import { der } from '../../../src/encoding/der-writer';
import { parseIpAddress } from '../../../src/model/ip-address';
import { rawDns, rawExtension, rawExtensions, rawName } from '../raw-certificate';
import { chainCase, rootCa, server, type ChainCase } from './chain-case';

export function rawIp(address: string): Buffer {
  return der.implicit(7, Buffer.from(parseIpAddress(address)?.bytes ?? []));
}

const rawUri = (uri: string) => der.implicit(6, Buffer.from(uri));
const rawEmail = (mailbox: string) => der.implicit(1, Buffer.from(mailbox));
const rawOther = () =>
  der.implicit(0, Buffer.concat([der.oid('1.2.3.4'), der.explicit(0, der.utf8String('somebody'))]), true);

/** Names in the certificate against the host that is connected to (RFC 9525 §6, RFC 6125 §6.4). */
const NAMES: readonly [peer: string, names: readonly Buffer[], commonName?: string][] = [
  ['broker.example.com', [rawDns('broker.example.com')]],
  ['BROKER.Example.com', [rawDns('broker.example.com')]],
  ['broker.example.com', [rawDns('BROKER.EXAMPLE.COM')]],
  ['broker.example.com', [rawDns('example.com')]],
  ['example.com', [rawDns('broker.example.com')]],
  ['broker.example.com', [rawDns('other.example.com'), rawDns('broker.example.com')]],
  ['broker.example.com', [rawDns('.example.com')]],
  ['broker.example.com', [rawDns('broker.example.com.')]],
  ['broker.example.com', [rawDns('')]],
  ['broker.example.com', [rawDns(' broker.example.com')]],
  ['broker.example.com', [rawUri('https://broker.example.com')]],
  ['broker.example.com', [rawEmail('broker@broker.example.com')]],
  ['broker.example.com', [rawOther(), rawDns('broker.example.com')]],
  ['broker.example.com', [rawOther()]],
  ['bro_ker.example.com', [rawDns('bro_ker.example.com')]],
  // Wildcards
  ['broker.example.com', [rawDns('*.example.com')]],
  ['a.broker.example.com', [rawDns('*.example.com')]],
  ['example.com', [rawDns('*.example.com')]],
  ['broker.example.com', [rawDns('*.com')]],
  ['broker.example.com', [rawDns('*')]],
  ['localhost', [rawDns('*')]],
  ['pi.local', [rawDns('*.local')]],
  ['broker.example.com', [rawDns('*.*.com')]],
  ['broker.example.com', [rawDns('broker.*.com')]],
  ['broker.example.com', [rawDns('br*.example.com')]],
  ['broker.example.com', [rawDns('*er.example.com')]],
  ['broker.example.com', [rawDns('b*r.example.com')]],
  ['broker.example.com', [rawDns('b*o*r.example.com')]],
  ['xn--bcher-kva.example.com', [rawDns('xn--*.example.com')]],
  ['xn--bcher-kva.example.com', [rawDns('*.example.com')]],
  ['xn--bcher-kva.example.com', [rawDns('xn--bcher-kva.example.com')]],
  ['broker.example.com', [rawDns('*.EXAMPLE.com')]],
  // Common names
  ['broker.example.com', [], 'broker.example.com'],
  ['broker.example.com', [], '*.example.com'],
  ['broker.example.com', [rawDns('other.example.com')], 'broker.example.com'],
  ['broker.example.com', [rawIp('192.0.2.1')], 'broker.example.com'],
  ['broker.example.com', [rawUri('https://other')], 'broker.example.com'],
  ['192.0.2.1', [], '192.0.2.1'],
  ['192.0.2.1', [rawDns('broker.example.com')], '192.0.2.1'],
  // Addresses
  ['192.0.2.1', [rawIp('192.0.2.1')]],
  ['192.0.2.1', [rawIp('192.0.2.2')]],
  ['192.0.2.1', [rawDns('192.0.2.1')]],
  ['192.0.2.1', [rawDns('*.0.2.1')]],
  ['192.0.2.1', [rawUri('https://192.0.2.1')]],
  ['192.0.2.1', [rawDns('broker.example.com'), rawIp('192.0.2.1')]],
  ['2001:db8::1', [rawIp('2001:db8::1')]],
  ['2001:db8::1', [rawIp('2001:db8::2')]],
  ['192.0.2.1', [rawIp('::ffff:192.0.2.1')]],
  ['::ffff:192.0.2.1', [rawIp('192.0.2.1')]],
  ['192.0.2.1', [der.implicit(7, Buffer.from('192.0.2.1'))]],
];

/** Which name of a certificate is whose (families of x509-limbo: webpki san, cn; of BetterTLS: CN and SAN). */
export function nameCases(): ChainCase[] {
  const root = rootCa();
  return [
    ...NAMES.map(([peer, names, commonName = 'server']) => {
      const extension = names.length > 0 ? rawExtensions.subjectAltName(names) : undefined;
      const leaf = server(root, { subject: rawName(commonName), with: { names: extension } });
      const shown = names
        .map((name) =>
          name
            .subarray(2)
            .toString('latin1')
            .replaceAll(/[^ -~]/g, '?'),
        )
        .join(', ');
      return chainCase(`${peer} with ${shown || 'no name'} (CN ${commonName})`, [leaf, root], peer);
    }),
    chainCase('a name with a NUL in it', [
      server(root, { with: { names: rawExtension('2.5.29.17', der.sequence(rawDns('localhost\0.evil.example'))) } }),
      root,
    ]),
    chainCase(
      'a name in UTF-8',
      [
        server(root, {
          with: { names: rawExtensions.subjectAltName([der.implicit(2, Buffer.from('bücher.example'))]) },
        }),
        root,
      ],
      'xn--bcher-kva.example',
    ),
  ];
}
