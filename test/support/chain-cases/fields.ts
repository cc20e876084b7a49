import { generateKeyPairSync } from 'node:crypto';
import { der } from '../../../src/encoding/der-writer';
import { CLIENT_AUTH, rawDns, rawExtension, rawExtensions, rawKeyId, rawName, SERVER_AUTH } from '../raw-certificate';
import { chainCase, EXPIRED, inDaysDer, PEER, rootCa, server, subCa, threeStoried, type ChainCase } from './chain-case';

const UNKNOWN_OID = '1.3.6.1.4.1.55555.1';
const ANY_PURPOSE = '2.5.29.37.0';
const NOTHING = der.nullValue();
const unknown = (critical?: boolean) => rawExtension(UNKNOWN_OID, NOTHING, critical);
const policies = (critical?: boolean) =>
  rawExtension('2.5.29.32', der.sequence(der.sequence(der.oid('2.23.140.1.2.1'))), critical);
const informationAccess = (critical?: boolean) =>
  rawExtension(
    '1.3.6.1.5.5.7.1.1',
    der.sequence(der.sequence(der.oid('1.3.6.1.5.5.7.48.2'), der.implicit(6, Buffer.from('http://ca.example/')))),
    critical,
  );
const policyConstraints = (critical?: boolean) =>
  rawExtension('2.5.29.36', der.sequence(der.implicit(1, Buffer.from([0]))), critical);
const generalizedTime = (text: string) => Buffer.concat([Buffer.from([0x18, text.length]), Buffer.from(text)]);
/** SubjectAltName whose GeneralNames are one octet short. */
const tornNames = rawExtension('2.5.29.17', Buffer.from('300b8209', 'hex'));

type Parts = Parameters<typeof threeStoried>[1];

/** Changes to one certificate of root → CA → server; what is tried on one member is tried on all it makes sense for. */
const MEMBERS: readonly [name: string, parts: () => Parts][] = [
  ['nothing is wrong', () => ({})],
  // Dates (RFC 5280 §4.1.2.5)
  ...(['leaf', 'ca', 'root'] as const).flatMap((member): [string, () => Parts][] => [
    [`${member} expired`, () => ({ [member]: EXPIRED })],
    [`${member} not yet valid`, () => ({ [member]: { notBefore: inDaysDer(2) } })],
    [
      `${member} with a period that ends before it begins`,
      () => ({ [member]: { notBefore: inDaysDer(1), notAfter: inDaysDer(-1) } }),
    ],
    [`${member} until 2060`, () => ({ [member]: { notAfter: der.time(new Date('2060-01-01T00:00:00Z')) } })],
    [
      `${member} with a GeneralizedTime before 2050`,
      () => ({ [member]: { notAfter: generalizedTime('20400101000000Z') } }),
    ],
    [`${member} with an unknown critical extension`, () => ({ [member]: { with: { odd: unknown(true) } } })],
    [`${member} with an unknown extension`, () => ({ [member]: { with: { odd: unknown() } } })],
    [`${member} with an unknown extension marked FALSE`, () => ({ [member]: { with: { odd: unknown(false) } } })],
    [`${member} with critical certificate policies`, () => ({ [member]: { with: { policies: policies(true) } } })],
    [`${member} with certificate policies`, () => ({ [member]: { with: { policies: policies() } } })],
    [`${member} with critical information access`, () => ({ [member]: { with: { access: informationAccess(true) } } })],
    [`${member} with information access`, () => ({ [member]: { with: { access: informationAccess() } } })],
    // Serial numbers (§4.1.2.2)
    [`${member} with serial 0`, () => ({ [member]: { serial: Buffer.from([0]) } })],
    [`${member} with a negative serial`, () => ({ [member]: { serial: Buffer.from([0x81, 2]) } })],
    [`${member} with a serial of 21 octets`, () => ({ [member]: { serial: Buffer.alloc(21, 0x11) } })],
    [`${member} with a serial of 20 octets`, () => ({ [member]: { serial: Buffer.alloc(20, 0x11) } })],
    // Extensions that occur twice (§4.2)
    [`${member} with an extension twice`, () => ({ [member]: { with: { policies: policies(), again: policies() } } })],
    [
      `${member} with another algorithm inside`,
      () => ({ [member]: { innerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.3')) } }),
    ],
    [`${member} of version 1 with extensions`, () => ({ [member]: { version: 1 as const } })],
    [`${member} of version 1 without extensions`, () => ({ [member]: { version: 1 as const, extensions: [] } })],
    [`${member} signed with SHA-1`, () => ({ [member]: { sha1: true } })],
    [
      `${member} with a critical authorityKeyIdentifier`,
      () => ({ [member]: { with: { issuerId: rawExtensions.authorityKeyId(Buffer.alloc(20, 3), true) } } }),
    ],
    [
      `${member} with a critical subjectKeyIdentifier`,
      () => ({ [member]: { with: { keyId: rawExtensions.subjectKeyId(Buffer.alloc(20, 3), true) } } }),
    ],
  ]),
  // Key identifiers (§4.2.1.1, §4.2.1.2)
  ['leaf without authorityKeyIdentifier', () => ({ leaf: { with: { issuerId: undefined } } })],
  ['CA without authorityKeyIdentifier', () => ({ ca: { with: { issuerId: undefined } } })],
  ['CA without subjectKeyIdentifier', () => ({ ca: { with: { keyId: undefined } } })],
  ['root without subjectKeyIdentifier', () => ({ root: { with: { keyId: undefined } } })],
  [
    'leaf with an empty authorityKeyIdentifier',
    () => ({ leaf: { with: { issuerId: rawExtension('2.5.29.35', der.sequence()) } } }),
  ],
  [
    "leaf with another CA's key identifier",
    () => ({ leaf: { with: { issuerId: rawExtensions.authorityKeyId(Buffer.alloc(20, 9)) } } }),
  ],
  [
    'root with an authorityKeyIdentifier of another',
    () => ({ root: { with: { issuerId: rawExtensions.authorityKeyId(Buffer.alloc(20, 9)) } } }),
  ],
  // CA rights (§4.2.1.3, §4.2.1.9)
  ...(['ca', 'root'] as const).flatMap((member): [string, () => Parts][] => [
    [`${member} without basicConstraints`, () => ({ [member]: { with: { constraints: undefined } } })],
    [
      `${member} with basicConstraints not critical`,
      () => ({ [member]: { with: { constraints: rawExtensions.caConstraints(false) } } }),
    ],
    [`${member} that is no CA`, () => ({ [member]: { with: { constraints: rawExtensions.leafConstraints() } } })],
    [`${member} without keyUsage`, () => ({ [member]: { with: { usage: undefined } } })],
    [`${member} without keyCertSign`, () => ({ [member]: { with: { usage: rawExtensions.keyUsage([0, 6]) } } })],
    [
      `${member} with keyUsage not critical`,
      () => ({ [member]: { with: { usage: rawExtensions.keyUsage([5, 6], false) } } }),
    ],
    [
      `${member} for clients only`,
      () => ({ [member]: { with: { purposes: rawExtensions.extendedKeyUsage([CLIENT_AUTH]) } } }),
    ],
    [
      `${member} for servers only`,
      () => ({ [member]: { with: { purposes: rawExtensions.extendedKeyUsage([SERVER_AUTH]) } } }),
    ],
    [
      `${member} for any purpose`,
      () => ({ [member]: { with: { purposes: rawExtensions.extendedKeyUsage([ANY_PURPOSE]) } } }),
    ],
    [`${member} with policy constraints`, () => ({ [member]: { with: { policies: policyConstraints(true) } } })],
    [
      `${member} with policy constraints not critical`,
      () => ({ [member]: { with: { policies: policyConstraints() } } }),
    ],
  ]),
  [
    'leaf that is a CA',
    () => ({ leaf: { with: { constraints: rawExtensions.caConstraints(), usage: rawExtensions.keyUsage([0, 5]) } } }),
  ],
  ['leaf with keyCertSign', () => ({ leaf: { with: { usage: rawExtensions.keyUsage([0, 5]) } } })],
  [
    'leaf with a path length',
    () => ({ leaf: { with: { constraints: rawExtension('2.5.29.19', der.sequence(der.integer(0)), true) } } }),
  ],
  ['leaf without basicConstraints', () => ({ leaf: { with: { constraints: undefined } } })],
  ['leaf without keyUsage', () => ({ leaf: { with: { usage: undefined } } })],
  ['leaf with an empty keyUsage', () => ({ leaf: { with: { usage: rawExtensions.keyUsage([]) } } })],
  ['leaf for key encipherment only', () => ({ leaf: { with: { usage: rawExtensions.keyUsage([2]) } } })],
  ['leaf for CRLs only', () => ({ leaf: { with: { usage: rawExtensions.keyUsage([6]) } } })],
  // Purposes (§4.2.1.12)
  ['leaf without extendedKeyUsage', () => ({ leaf: { with: { purposes: undefined } } })],
  ['leaf for clients', () => ({ leaf: { with: { purposes: rawExtensions.extendedKeyUsage([CLIENT_AUTH]) } } })],
  ['leaf for any purpose', () => ({ leaf: { with: { purposes: rawExtensions.extendedKeyUsage([ANY_PURPOSE]) } } })],
  [
    'leaf for both',
    () => ({ leaf: { with: { purposes: rawExtensions.extendedKeyUsage([CLIENT_AUTH, SERVER_AUTH]) } } }),
  ],
  [
    'leaf with a critical extendedKeyUsage',
    () => ({ leaf: { with: { purposes: rawExtensions.extendedKeyUsage([SERVER_AUTH], true) } } }),
  ],
  [
    'leaf with an empty extendedKeyUsage',
    () => ({ leaf: { with: { purposes: rawExtension('2.5.29.37', der.sequence()) } } }),
  ],
  // Netscape's type, as easy-rsa 2 wrote it: bit 1 server, bit 0 client
  [
    'leaf with the Netscape type of a server',
    () => ({ leaf: { with: { type: rawExtension('2.16.840.1.113730.1.1', der.namedBits([1])) } } }),
  ],
  [
    'leaf with the Netscape type of a client',
    () => ({ leaf: { with: { type: rawExtension('2.16.840.1.113730.1.1', der.namedBits([0])) } } }),
  ],
  // Names (§4.1.2.4, §4.1.2.6, §4.2.1.6)
  ['leaf with an empty issuer', () => ({ leaf: { issuer: der.sequence() } })],
  ['leaf with an empty subject', () => ({ leaf: { subject: der.sequence() } })],
  [
    'leaf with an empty subject and critical names',
    () => ({ leaf: { subject: der.sequence(), with: { names: rawExtensions.subjectAltName([rawDns(PEER)], true) } } }),
  ],
  [
    'leaf with an empty subject and no names',
    () => ({ leaf: { subject: der.sequence(), with: { names: undefined } } }),
  ],
  [
    'leaf with critical names',
    () => ({ leaf: { with: { names: rawExtensions.subjectAltName([rawDns(PEER)], true) } } }),
  ],
  ['leaf with no name in its subjectAltName', () => ({ leaf: { with: { names: rawExtensions.subjectAltName([]) } } })],
  ['leaf with a torn subjectAltName', () => ({ leaf: { with: { names: tornNames } } })],
  [
    'leaf without subjectAltName, the name as common name',
    () => ({ leaf: { subject: rawName(PEER), with: { names: undefined } } }),
  ],
  [
    'leaf with the wrong signature',
    () => ({ leaf: { signWith: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey } }),
  ],
  [
    'CA with the wrong signature',
    () => ({ ca: { signWith: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey } }),
  ],
];

/** Kinds and sizes of keys, at the leaf and at the root. */
const KEYS: readonly [name: string, make: () => ReturnType<typeof generateKeyPairSync>][] = [
  ['RSA-2048', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['RSA-1024', () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
  ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
  ['Ed25519', () => generateKeyPairSync('ed25519')],
];

/** The fields of certificates one by one, as RFC 5280 and RFC 9525 have them (families of x509-limbo: rfc5280, webpki). */
export function fieldCases(): ChainCase[] {
  const usage = rawExtensions.keyUsage([0, 2]);
  return [
    ...MEMBERS.map(([name, parts]) => threeStoried(name, parts())),
    ...KEYS.flatMap(([name, make]) => {
      const leafKey = make().privateKey;
      const rootKey = make().privateKey;
      const root = rootCa('Root', { key: rootKey });
      const other = rootCa();
      return [
        chainCase(`a leaf with a key of ${name}`, [server(other, { key: leafKey, with: { usage } }), other]),
        chainCase(`a root with a key of ${name}`, [server(root), root]),
      ];
    }),
    emptySubjectCa(),
    inconsistentIssuerName(),
    ...issuerAndSerial(),
  ];
}

/** The issuer named by its own issuer and serial number, which breaks every leaf when the CA is renewed. */
function issuerAndSerial(): ChainCase[] {
  const root = rootCa('Root', { serial: Buffer.from([0x22]) });
  const reference = (issuer: Buffer, serial: number) =>
    rawExtension(
      '2.5.29.35',
      der.sequence(
        der.implicit(0, rawKeyId(root.key)),
        der.implicit(1, der.explicit(4, issuer), true),
        der.implicit(2, Buffer.from([serial])),
      ),
    );
  const named = (what: string, issuerId: Buffer) => chainCase(what, [server(root, { with: { issuerId } }), root]);
  return [
    named('a leaf that names its CA by issuer and serial', reference(root.subject, 0x22)),
    named('a leaf that names another serial of its CA', reference(root.subject, 0x23)),
    named('a leaf that names another issuer of its CA', reference(rawName('Other'), 0x22)),
  ];
}

function emptySubjectCa(): ChainCase {
  const root = rootCa('Root', { subject: der.sequence() });
  return chainCase('a root with an empty subject', [server(root), root]);
}

/** The same name in another string type and case, which RFC 5280 §7.1 calls equal. */
function inconsistentIssuerName(): ChainCase {
  const root = rootCa('Root');
  const ca = subCa(root, 'CA', { issuer: rawName('ROOT', der.printableString) });
  return chainCase('an issuer name in another case and string type', [server(ca), ca, root]);
}
