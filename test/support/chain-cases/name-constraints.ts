import { der } from '../../../src/encoding/der-writer';
import { parseIpAddress } from '../../../src/model/ip-address';
import { rawDns, rawExtension, rawExtensions, rawName } from '../raw-certificate';
import { chainCase, PEER, rootCa, server, subCa, threeStoried, type ChainCase } from './chain-case';
import { rawIp } from './names';

interface Limits {
  permitted?: readonly Buffer[];
  excluded?: readonly Buffer[];
  critical?: boolean;
}

/** nameConstraints of any content (RFC 5280 §4.2.1.10). */
function limits({ permitted, excluded, critical = true }: Limits): Buffer {
  const subtrees = (tag: number, bases: readonly Buffer[] | undefined) =>
    bases ? [der.implicit(tag, Buffer.concat(bases.map((base) => der.sequence(base))), true)] : [];
  return rawExtension(
    '2.5.29.30',
    der.sequence(...subtrees(0, permitted), ...subtrees(1, excluded)),
    critical || undefined,
  );
}

/** An iPAddress with its mask, as constraints have it. */
function range(address: string, mask: string): Buffer {
  const bytes = [address, mask].map((text) => Buffer.from(parseIpAddress(text)?.bytes ?? []));
  return der.implicit(7, Buffer.concat(bytes));
}

const directory = (name: Buffer) => der.explicit(4, name);
const uri = (text: string) => der.implicit(6, Buffer.from(text));
const email = (text: string) => der.implicit(1, Buffer.from(text));
const otherName = der.implicit(0, Buffer.concat([der.oid('1.2.3.4'), der.explicit(0, der.utf8String('x'))]), true);
const organization = (name: string, ...more: Buffer[]) =>
  der.sequence(der.set(der.sequence(der.oid('2.5.4.10'), der.utf8String(name))), ...more);
const commonNamePart = (name: string) => der.set(der.sequence(der.oid('2.5.4.3'), der.utf8String(name)));

/** Limits of the CA, names of the server. */
const ROWS: readonly [name: string, limits: Limits, names: readonly Buffer[], peer?: string][] = [
  ['permitted name itself', { permitted: [rawDns('example.com')] }, [rawDns('example.com')], 'example.com'],
  ['permitted, below', { permitted: [rawDns('example.com')] }, [rawDns('a.b.example.com')], 'a.b.example.com'],
  ['permitted, another', { permitted: [rawDns('example.com')] }, [rawDns('example.org')], 'example.org'],
  ['permitted, only looks alike', { permitted: [rawDns('example.com')] }, [rawDns('notexample.com')], 'notexample.com'],
  ['permitted, in another case', { permitted: [rawDns('EXAMPLE.com')] }, [rawDns('a.example.COM')], 'a.example.com'],
  [
    'permitted, one of two names outside',
    { permitted: [rawDns('example.com')] },
    [rawDns('example.com'), rawDns('x.org')],
    'example.com',
  ],
  ['permitted twice', { permitted: [rawDns('example.com'), rawDns('x.org')] }, [rawDns('x.org')], 'x.org'],
  [
    'permitted with a leading dot, the name itself',
    { permitted: [rawDns('.example.com')] },
    [rawDns('example.com')],
    'example.com',
  ],
  [
    'permitted with a leading dot, below',
    { permitted: [rawDns('.example.com')] },
    [rawDns('a.example.com')],
    'a.example.com',
  ],
  ['permitted everything', { permitted: [rawDns('')] }, [rawDns('example.com')], 'example.com'],
  ['permitted, a wildcard inside', { permitted: [rawDns('example.com')] }, [rawDns('*.example.com')], 'a.example.com'],
  [
    'permitted deeper than the wildcard',
    { permitted: [rawDns('a.example.com')] },
    [rawDns('*.example.com')],
    'a.example.com',
  ],
  ['permitted name of a single label', { permitted: [rawDns(PEER)] }, [rawDns(PEER)]],
  ['excluded name itself', { excluded: [rawDns('example.com')] }, [rawDns('example.com')], 'example.com'],
  ['excluded, below', { excluded: [rawDns('example.com')] }, [rawDns('a.example.com')], 'a.example.com'],
  ['excluded, above', { excluded: [rawDns('a.example.com')] }, [rawDns('example.com')], 'example.com'],
  ['excluded, another', { excluded: [rawDns('example.com')] }, [rawDns('example.org')], 'example.org'],
  ['excluded, second name', { excluded: [rawDns('x.org')] }, [rawDns('example.com'), rawDns('x.org')], 'example.com'],
  ['excluded everything', { excluded: [rawDns('')] }, [rawDns('example.com')], 'example.com'],
  ['excluded, a wildcard over it', { excluded: [rawDns('a.example.com')] }, [rawDns('*.example.com')], 'b.example.com'],
  [
    'permitted and excluded',
    { permitted: [rawDns('com')], excluded: [rawDns('example.com')] },
    [rawDns('example.com')],
    'example.com',
  ],
  [
    'permitted and another excluded',
    { permitted: [rawDns('com')], excluded: [rawDns('x.com')] },
    [rawDns('example.com')],
    'example.com',
  ],
  [
    'not critical, kept',
    { permitted: [rawDns('example.com')], critical: false },
    [rawDns('example.com')],
    'example.com',
  ],
  ['not critical, broken', { permitted: [rawDns('example.com')], critical: false }, [rawDns('x.org')], 'x.org'],
  ['neither list', {}, [rawDns('example.com')], 'example.com'],
  ['both lists empty', { permitted: [], excluded: [] }, [rawDns('example.com')], 'example.com'],
  [
    'addresses permitted, inside',
    { permitted: [range('192.0.2.0', '255.255.255.0')] },
    [rawIp('192.0.2.1')],
    '192.0.2.1',
  ],
  [
    'addresses permitted, outside',
    { permitted: [range('192.0.2.0', '255.255.255.0')] },
    [rawIp('192.0.3.1')],
    '192.0.3.1',
  ],
  [
    'addresses excluded, inside',
    { excluded: [range('192.0.2.0', '255.255.255.0')] },
    [rawIp('192.0.2.1')],
    '192.0.2.1',
  ],
  [
    'addresses excluded, outside',
    { excluded: [range('192.0.2.0', '255.255.255.0')] },
    [rawIp('192.0.3.1')],
    '192.0.3.1',
  ],
  [
    'addresses of IPv6 permitted',
    { permitted: [range('2001:db8::', 'ffff:ffff::')] },
    [rawIp('2001:db8::1')],
    '2001:db8::1',
  ],
  [
    'addresses of IPv6 excluded',
    { excluded: [range('::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')] },
    [rawIp('::1')],
    '::1',
  ],
  [
    'addresses of IPv4 permitted, one of IPv6',
    { permitted: [range('192.0.2.0', '255.255.255.0')] },
    [rawIp('2001:db8::1')],
    '2001:db8::1',
  ],
  [
    'all addresses excluded',
    { excluded: [range('0.0.0.0', '0.0.0.0'), range('::', '::')] },
    [rawIp('192.0.2.1')],
    '192.0.2.1',
  ],
  ['a mask with holes, inside', { permitted: [range('192.0.2.0', '255.0.255.0')] }, [rawIp('192.9.2.1')], '192.9.2.1'],
  ['a mask with holes, outside', { permitted: [range('192.0.2.0', '255.0.255.0')] }, [rawIp('192.0.3.1')], '192.0.3.1'],
  ['names permitted, an address', { permitted: [rawDns('example.com')] }, [rawIp('192.0.2.1')], '192.0.2.1'],
  ['addresses permitted, a name', { permitted: [range('192.0.2.0', '255.255.255.0')] }, [rawDns(PEER)]],
  ['subject permitted', { permitted: [directory(rawName('server'))] }, [rawDns(PEER)]],
  ['subject permitted in another case', { permitted: [directory(rawName('SERVER'))] }, [rawDns(PEER)]],
  ['subject not permitted', { permitted: [directory(rawName('another'))] }, [rawDns(PEER)]],
  ['subject excluded', { excluded: [directory(rawName('server'))] }, [rawDns(PEER)]],
  ['subject not excluded', { excluded: [directory(rawName('another'))] }, [rawDns(PEER)]],
  ['every subject excluded', { excluded: [directory(der.sequence())] }, [rawDns(PEER)]],
  ['URIs permitted, inside', { permitted: [uri('example.com')] }, [rawDns(PEER), uri('https://example.com/x')]],
  ['URIs permitted, outside', { permitted: [uri('example.com')] }, [rawDns(PEER), uri('https://example.org/x')]],
  ['mailboxes permitted, inside', { permitted: [email('example.com')] }, [rawDns(PEER), email('a@example.com')]],
  ['mailboxes permitted, outside', { permitted: [email('example.com')] }, [rawDns(PEER), email('a@example.org')]],
  ['other names permitted, none there', { permitted: [otherName] }, [rawDns(PEER)]],
  ['other names permitted, one there', { permitted: [otherName] }, [rawDns(PEER), otherName]],
  ['other names excluded, one there', { excluded: [otherName] }, [rawDns(PEER), otherName]],
];

const PLACES = ['root', 'ca'] as const;

/**
 * Name constraints (families of x509-limbo: rfc5280 nc, webpki nc), and the cross product of BetterTLS: kind of name,
 * permitted or excluded, kept or broken, in the common name or not, at the root or below.
 */
export function nameConstraintCases(): ChainCase[] {
  return [
    ...ROWS.map(([name, own, names, peer = PEER], index) => {
      const place = index % 2 === 0 ? 'root' : 'ca';
      const changes = {
        [place]: { with: { limits: limits(own) } },
        leaf: { with: { names: rawExtensions.subjectAltName(names) } },
      };
      return { ...threeStoried(`${name}, at the ${place}`, changes), peer };
    }),
    ...crossProduct(),
    onLeaf(),
    ...onNamesOfCas(),
    ...narrowing(),
  ];
}

function crossProduct(): ChainCase[] {
  const kinds = [
    {
      kind: 'dns',
      peer: 'good.example',
      name: rawDns('good.example'),
      inside: rawDns('good.example'),
      outside: rawDns('bad.example'),
    },
    {
      kind: 'ip',
      peer: '192.0.2.1',
      name: rawIp('192.0.2.1'),
      inside: range('192.0.2.1', '255.255.255.255'),
      outside: range('198.51.100.1', '255.255.255.255'),
    },
  ];
  return kinds.flatMap(({ kind, peer, name, inside, outside }) =>
    (['permitted', 'excluded'] as const).flatMap((list) =>
      [inside, outside].flatMap((base) =>
        ['good.example', 'bad.example', 'not a host'].flatMap((commonName) =>
          PLACES.map((place) => ({
            ...threeStoried(
              `${kind} ${list} ${base === inside ? 'the name' : 'another'}, CN ${commonName}, at the ${place}`,
              {
                [place]: { with: { limits: limits({ [list]: [base] }) } },
                leaf: { subject: rawName(commonName), with: { names: rawExtensions.subjectAltName([name]) } },
              },
            ),
            peer,
          })),
        ),
      ),
    ),
  );
}

function onLeaf(): ChainCase {
  return threeStoried('name constraints in the leaf', {
    leaf: { with: { limits: limits({ permitted: [rawDns(PEER)] }) } },
  });
}

/** Directory constraints hold for the CAs below, too, but not for self-issued ones (§4.2.1.10). */
function onNamesOfCas(): ChainCase[] {
  const permitted = limits({ permitted: [directory(organization('Plant'))] });
  const inside = organization('Plant', commonNamePart('CA'));
  const leafSubject = organization('Plant', commonNamePart('server'));
  const root = rootCa('Root', { with: { limits: permitted } });
  const named = subCa(root, 'CA', { subject: inside });
  const foreign = subCa(root, 'Foreign');
  const selfIssued = subCa(root, 'Root');
  return [
    chainCase('a CA within the permitted names', [server(named, { subject: leafSubject }), named, root]),
    chainCase('a CA outside the permitted names', [server(foreign, { subject: leafSubject }), foreign, root]),
    chainCase('a self-issued CA outside the permitted names', [
      server(selfIssued, { subject: leafSubject }),
      selfIssued,
      root,
    ]),
    chainCase('a server outside the names its CA keeps to', [server(named), named, root]),
  ];
}

/** Limits of several CAs hold together. */
function narrowing(): ChainCase[] {
  const rows: [string, string, string, string][] = [
    ['narrowed, kept by both', 'example.com', 'a.example.com', 'x.a.example.com'],
    ['narrowed, kept by the root only', 'example.com', 'a.example.com', 'b.example.com'],
    ['widened, which is no right', 'a.example.com', 'example.com', 'b.example.com'],
    ['disjoint', 'example.com', 'example.org', 'example.org'],
  ];
  return rows.map(([name, above, below, peer]) => ({
    ...threeStoried(name, {
      root: { with: { limits: limits({ permitted: [rawDns(above)] }) } },
      ca: { with: { limits: limits({ permitted: [rawDns(below)] }) } },
      leaf: { with: { names: rawExtensions.subjectAltName([rawDns(peer)]) } },
    }),
    peer,
  }));
}
