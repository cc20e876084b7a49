import { berToDer } from '../../src/encoding/ber';
import { readDer } from '../../src/encoding/der-reader';
import { der } from '../../src/encoding/der-writer';
import { decodePem, encodePem } from '../../src/encoding/pem';
import { OID as PKCS12_OID } from '../../src/encoding/pkcs12-identifiers';
import { readTar, writeTar } from '../../src/encoding/tar';
import { holdsPrivateKey, pemBlocks } from '../../src/editor/pem-blocks';
import { guessNameType, readNameList } from '../../src/editor/name-list';
import { splitBrokerAddress } from '../../src/editor/broker-address';
import { SentenceTable } from '../../src/editor/sentence-table';
import { isTopicFilter } from '../../src/editor/topic-pattern';
import { parseUsers } from '../../src/export/mosquitto-users';
import { checkDistinguishedName, toOpensslOneLine, toRfc4514 } from '../../src/model/distinguished-name';
import { toDnsName } from '../../src/model/dns-name';
import { parseThreshold } from '../../src/model/duration';
import { parseIpAddress } from '../../src/model/ip-address';
import { parseNameConstraints } from '../../src/model/name-constraints';
import { shownLine } from '../../src/model/shown-value';
import { parseSubjectAltNames } from '../../src/model/subject-alt-name';
import { parseTarget } from '../../src/model/target';
import { AccessList } from '../../src/mqtt/acl';
import { PacketSizeGuard } from '../../src/mqtt/packet-size-guard';
import { toReceivedMessage } from '../../src/mqtt/received-message';
import { parseHosts } from '../../src/mqtt/server-certificate';
import { Users } from '../../src/mqtt/server-admission';
import { parseTopicFilter } from '../../src/mqtt/topic';
import { readPayload } from '../../src/node-red/payload';
import { buildChain } from '../../src/pki/chain';
import { Certificate } from '../../src/pki/certificate';
import { readCertificateRequest } from '../../src/pki/certificate-request';
import { deviceCompatibility } from '../../src/pki/device-compatibility';
import { followChain } from '../../src/pki/followed-chain';
import { readForeignMaterial } from '../../src/pki/foreign-material';
import { OID } from '../../src/pki/object-identifiers';
import { readPkcs12 } from '../../src/pki/pkcs12';
import { spkiOf } from '../../src/pki/public-key';
import { readRevocationList } from '../../src/pki/revocation-list';
import { signatureAlgorithmFor, signStructure } from '../../src/pki/signature-algorithm';
import { forEachLine } from '../../src/store/line-reader';
import { parseIndexRow } from '../../src/store/index-row';
import { readCertificateDetails, readStatusChange } from '../../src/store/journal-row';
import { parsePins } from '../../src/tls/pin';
import { readServerFlight } from '../../src/tls/server-flight';
import { readTrustAnchors } from '../../src/tls/trust';
import { handmade, handmadeRoot, ecKey } from '../support/certificates-fixture';
import { RawPkcs12 } from '../support/raw-pkcs12';
import type { Shape } from './growth';

const KEY = ecKey();
const NAME = der.sequence(der.set(der.sequence(der.oid(OID.commonName), der.utf8String('x'))));
const YEAR = [new Date('2026-01-01T00:00:00Z'), new Date('2027-01-01T00:00:00Z')] as const;

function many(parts: number, make: (index: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: parts }, (_, index) => make(index)));
}

/** A certificate with a broken signature: reading does not look at it. */
function certificate({ names = NAME, extension }: { names?: Buffer; extension?: Buffer }): Buffer {
  const algorithm = signatureAlgorithmFor(KEY);
  const [from, to] = YEAR;
  const fields = [
    der.explicit(0, der.integer(2)),
    der.integer(5),
    algorithm,
    names,
    der.sequence(der.time(from), der.time(to)),
    names,
    spkiOf(KEY),
  ];
  const toBeSigned = der.sequence(...fields, ...(extension ? [der.explicit(3, extension)] : []));
  return der.sequence(toBeSigned, algorithm, der.bitString(Buffer.alloc(64)));
}

function extension(oid: string, value: Buffer): Buffer {
  return der.sequence(der.sequence(der.oid(oid), der.octetString(value)));
}

const sequenceOf = (parts: number, make: (index: number) => Buffer): Buffer => der.element(0x30, many(parts, make));
const dnsName = (index: number): Buffer => der.implicit(2, Buffer.from(`host${index}.example`));

function request(...attributes: Buffer[]): Promise<Buffer> {
  const info = der.sequence(der.integer(0), NAME, spkiOf(KEY), der.implicit(0, Buffer.concat(attributes), true));
  return signStructure(info, KEY);
}

function list(entries: Buffer): Buffer {
  const algorithm = signatureAlgorithmFor(KEY);
  const [from, to] = YEAR;
  const toBeSigned = der.sequence(
    der.integer(1),
    algorithm,
    NAME,
    der.time(from),
    der.time(to),
    der.element(0x30, entries),
  );
  return der.sequence(toBeSigned, algorithm, der.bitString(Buffer.alloc(64)));
}

const entry = (serialNumber: Buffer | number): Buffer => der.sequence(der.integer(serialNumber), der.time(YEAR[0]));
/** Digits as in a number of that many octets. */
const longNumber = (octets: number): Buffer => Buffer.alloc(octets, 0x7f);

function record(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3, content.length >> 8, content.length & 0xff]), content]);
}

function handshakeMessage(type: number, body: Buffer): Buffer {
  const header = Buffer.from([type, 0, 0, 0]);
  header.writeUIntBE(body.length, 1, 3);
  return Buffer.concat([header, body]);
}

const onLatin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const root = handmadeRoot({ key: KEY });
/** Certificates that all have the name of the root and of their issuer, and another key: each costs a check. */
const namesakes = Array.from(
  { length: 64 },
  () => handmade({ commonName: 'Root', issuer: root, ca: true, key: KEY }).certificate,
);
const stranger = handmade({ commonName: 'leaf', issuerName: 'Root', key: ecKey() }).certificate;

function shape<Input>(
  name: string,
  parts: number,
  make: (parts: number) => Input,
  read: (input: Awaited<Input>) => unknown,
  most?: Shape['most'],
): Shape {
  return { name, parts, make, read: read as Shape['read'], ...(most && { most }) };
}

/** Whole lines. */
const lines = (parts: number, line: (index: number) => string): string =>
  Array.from({ length: parts }, (_, index) => line(index)).join('\n');
const serial = (index: number): string => (index + 4096).toString(16).toUpperCase().padStart(6, '0');

async function readIndexText(bytes: Buffer): Promise<void> {
  await forEachLine(bytes, (line, number) => parseIndexRow(line, number));
}

const DETAILS =
  '"commonName":"x","profile":"device","keyType":"ec-p256","notBefore":"2026-01-01T00:00:00.000Z","fingerprint256":"AB"';

/** What must be seen: the square of its parts. */
export const CONTROL = shape(
  'a square',
  20,
  (n) => n,
  (n) => {
    for (let run = 0; run < n * n; run += 1) parseIpAddress('::');
  },
);

/** Every reader with the form that costs it most. A new reader of something that can be long is a new row. */
export const SHAPES: readonly Shape[] = [
  shape(
    'der: flat',
    1500,
    (n) => sequenceOf(n, () => der.nullValue()),
    (input) => readDer(input),
  ),
  shape(
    'der: 30 deep, long',
    4000,
    (n) => Array.from({ length: 29 }).reduce<Buffer>((inner) => der.sequence(inner), der.octetString(Buffer.alloc(n))),
    (input) => readDer(input),
  ),
  shape(
    'der: deep',
    8,
    (n) => Array.from({ length: n }).reduce<Buffer>((inner) => der.sequence(inner), der.nullValue()),
    (input) => readDer(input),
  ),
  shape(
    'der: long number',
    900,
    (n) => der.element(2, longNumber(n)),
    (input) => readDer(input).integer('n').toString(16),
  ),
  shape(
    'der: object identifier',
    7,
    (n) => der.element(6, Buffer.concat([Buffer.alloc(n, 0x81), Buffer.from([1])])),
    (input) => readDer(input).oid('o'),
  ),
  shape(
    'ber: octet string in pieces',
    1500,
    (n) =>
      Buffer.concat([Buffer.from('2480', 'hex'), many(n, () => der.octetString(Buffer.alloc(4))), Buffer.alloc(2)]),
    berToDer,
  ),
  shape(
    'ber: 30 deep, long',
    3000,
    (n) =>
      Array.from({ length: 28 }).reduce<Buffer>(
        (inner) => Buffer.concat([Buffer.from('3080', 'hex'), inner, Buffer.alloc(2)]),
        der.octetString(Buffer.alloc(n)),
      ),
    berToDer,
  ),

  shape(
    'certificate: names',
    500,
    (n) => certificate({ extension: extension(OID.subjectAltName, sequenceOf(n, dnsName)) }),
    readAndJudge,
  ),
  shape(
    'certificate: long name',
    5000,
    (n) =>
      certificate({ extension: extension(OID.subjectAltName, der.sequence(der.implicit(2, Buffer.alloc(n, 0x61)))) }),
    readAndJudge,
  ),
  shape(
    'certificate: purposes',
    500,
    (n) =>
      certificate({
        extension: extension(
          OID.extendedKeyUsage,
          sequenceOf(n, (i) => der.oid(`1.3.6.1.${i}`)),
        ),
      }),
    readAndJudge,
  ),
  shape(
    'certificate: constraints',
    400,
    (n) =>
      certificate({
        extension: extension(
          OID.nameConstraints,
          der.sequence(
            der.implicit(
              0,
              many(n, (i) => der.sequence(dnsName(i))),
              true,
            ),
          ),
        ),
      }),
    readAndJudge,
  ),
  shape(
    'certificate: extensions',
    8,
    (n) =>
      certificate({
        extension: sequenceOf(n, (i) => der.sequence(der.oid(`1.3.6.1.${i}`), der.octetString(Buffer.alloc(3)))),
      }),
    readAndJudge,
  ),
  shape(
    'certificate: bits of keyUsage',
    4000,
    (n) => certificate({ extension: extension(OID.keyUsage, der.bitString(Buffer.alloc(n, 0xff))) }),
    readAndJudge,
  ),
  shape(
    'certificate: parts of a name',
    12,
    (n) =>
      certificate({ names: sequenceOf(n, () => der.set(der.sequence(der.oid(OID.commonName), der.utf8String('x')))) }),
    readAndJudge,
  ),
  shape(
    'certificate: long part of a name',
    5000,
    (n) =>
      certificate({
        names: der.sequence(der.set(der.sequence(der.oid(OID.commonName), der.utf8String(' \t'.repeat(n))))),
      }),
    readAndJudge,
  ),
  shape(
    'certificate: parts in one set',
    12,
    (n) =>
      certificate({
        names: der.sequence(
          der.element(
            0x31,
            many(n, () => der.sequence(der.oid(OID.commonName), der.utf8String('x'))),
          ),
        ),
      }),
    readAndJudge,
  ),

  shape(
    'request: names',
    400,
    (n) =>
      request(
        der.sequence(der.oid('1.2.840.113549.1.9.14'), der.set(extension(OID.subjectAltName, sequenceOf(n, dnsName)))),
      ),
    readCertificateRequest,
  ),
  shape(
    'request: attributes',
    400,
    (n) => request(many(n, (i) => der.sequence(der.oid(`1.3.6.1.${i}`), der.set(der.nullValue())))),
    readCertificateRequest,
  ),

  shape(
    'list: entries',
    800,
    (n) => list(many(n, (i) => entry(i + 1))),
    (input) => readRevocationList(input).revoked(),
  ),
  shape(
    'list: one number many times',
    800,
    (n) => list(many(n, () => entry(5))),
    (input) => readRevocationList(input).revoked(),
  ),
  shape(
    'list: long number',
    900,
    (n) => list(entry(longNumber(n))),
    (input) => readRevocationList(input).find('-'.repeat(input.length)),
  ),
  shape(
    'list: reasons',
    300,
    (n) =>
      list(
        many(n, (i) =>
          der.sequence(der.integer(i + 1), der.time(YEAR[0]), extension(OID.reasonCode, der.enumerated(1))),
        ),
      ),
    readRevocationList,
  ),

  shape(
    'pem: blocks',
    120,
    (n) => encodePem('X', Buffer.alloc(30)).repeat(n),
    (input) => decodePem(input),
  ),
  shape(
    'pem: lines',
    2000,
    (n) => encodePem('X', Buffer.alloc(48 * n)),
    (input) => decodePem(input),
  ),
  shape(
    'pem: lines without block',
    2000,
    (n) => ' -----BEGIN\n'.repeat(n),
    (input) => decodePem(input),
  ),
  shape(
    'pem: blanks',
    5000,
    (n) => `-----BEGIN X-----\n${' '.repeat(n)}A`,
    (input) => decodePem(input),
  ),
  shape(
    'pem: label',
    3000,
    (n) => `-----BEGIN ${'A '.repeat(n)}-----\n`,
    (input) => decodePem(input),
  ),
  shape(
    'pem: label of signs',
    3000,
    (n) => `-----BEGIN ${'-'.repeat(n)} \n`,
    (input) => decodePem(input),
  ),
  shape(
    'pem: headers',
    800,
    (n) => `-----BEGIN PRIVATE KEY-----\n${lines(n, (i) => `A${i}: b`)}\n\nAAAA\n-----END PRIVATE KEY-----\n`,
    (input) => decodePem(input),
  ),
  shape(
    'file of certificates',
    60,
    (n) => onLatin1(root.pem.repeat(n)),
    (input) => readForeignMaterial(input).certificates,
  ),
  shape(
    'trust: anchors',
    40,
    (n) => onLatin1(root.pem.repeat(n)),
    (input) => readTrustAnchors(input, 'a file'),
  ),
  shape(
    'chain: namesakes',
    8,
    (n) => namesakes.slice(0, n),
    (input) => [buildChain(stranger, input, []), buildChain(stranger, [], input)],
    { exponent: 2.1, because: 'each is compared with each, below a limit of 100 signature checks' },
  ),
  shape(
    'followed chain: namesakes',
    8,
    (n) => namesakes.slice(0, n),
    (input) => [followChain(stranger, input, [], 0), followChain(stranger, [], input, 0)],
  ),
  shape(
    'pkcs12: certificates',
    30,
    (n) =>
      new RawPkcs12().file(
        der.sequence(new RawPkcs12().data(many(n, () => new RawPkcs12().certificateBag(root)))),
        'none',
      ),
    (input) => readPkcs12(input),
  ),
  shape(
    'pkcs12: bags',
    200,
    (n) =>
      new RawPkcs12().file(
        der.sequence(new RawPkcs12().data(many(n, () => new RawPkcs12().bag(PKCS12_OID.keyBag, der.nullValue())))),
        'none',
      ),
    (input) => readPkcs12(input),
  ),
  shape(
    'tar: files',
    60,
    (n) =>
      writeTar(
        Array.from({ length: n }, (_, i) => ({ name: `f${i}`, mode: 0o600, content: Buffer.alloc(0) })),
        new Date(0),
      ),
    (input) => readTar(input, { maxFiles: 1e6 }),
  ),
  shape(
    'tar: folders',
    60,
    (n) => folders(n),
    (input) => readTar(input, { maxFiles: 1e6 }),
  ),

  shape(
    'handshake: records of one octet',
    2000,
    (n) => many(n, () => record(22, Buffer.from([11]))),
    (input) => readServerFlight(input),
  ),
  shape(
    'handshake: message in records of one octet',
    2000,
    (n) => Buffer.concat([...handshakeMessage(11, Buffer.alloc(n))].map((octet) => record(22, Buffer.from([octet])))),
    (input) => readServerFlight(input),
  ),
  shape(
    'handshake: empty messages',
    500,
    (n) =>
      record(
        22,
        many(n, () => handshakeMessage(14, Buffer.alloc(0))),
      ),
    (input) => readServerFlight(input),
  ),
  shape(
    'handshake: alerts',
    1000,
    (n) => many(n, () => record(21, Buffer.from([1, 0]))),
    (input) => readServerFlight(input),
  ),
  shape(
    'mqtt: empty packets',
    3000,
    (n) => Buffer.alloc(n, 0xc0).map((octet, at) => (at % 2 === 0 ? octet : 0)),
    (input) => new PacketSizeGuard(100).tooLarge(input),
  ),
  shape(
    'mqtt: octet by octet',
    3000,
    (n) => Buffer.alloc(n),
    (input) => {
      const guard = new PacketSizeGuard(100);
      for (const octet of input) guard.tooLarge(Buffer.from([octet]));
    },
  ),
  shape(
    'mqtt: deep payload',
    3000,
    (n) => Buffer.from('['.repeat(n) + ']'.repeat(n)),
    (payload) => toReceivedMessage({ topic: 't', payload, qos: 0, retain: false }, 'auto-detect'),
  ),
  shape(
    'mqtt: digits',
    5000,
    (n) => Buffer.from(`${'1'.repeat(n)}x`),
    (payload) => toReceivedMessage({ topic: 't', payload, qos: 0, retain: false }, 'auto-detect'),
  ),
  shape(
    'mqtt: content type',
    5000,
    (n) => ' '.repeat(n) + 'x',
    (contentType) =>
      toReceivedMessage(
        { topic: 't', payload: Buffer.from('x'), qos: 0, retain: false, properties: { contentType } },
        'auto-detect',
      ),
  ),

  shape(
    'index: lines',
    800,
    (n) => onLatin1(lines(n, (i) => `V\t360101000000Z\t\t${serial(i)}\tunknown\t/CN=x`)),
    readIndexText,
  ),
  shape(
    'index: fields of a line',
    5000,
    (n) => '\t'.repeat(n),
    (input) => parseIndexRow(input, 1),
  ),
  shape(
    'index: digits',
    5000,
    (n) => `V\t360101000000Z\t\t${'0A'.repeat(n)}\tunknown\t/CN=x`,
    (input) => parseIndexRow(input, 1),
  ),
  shape(
    'journal: names',
    1000,
    (n) =>
      `{"serialNumber":"0A",${DETAILS},"subjectAltNames":[${Array.from({ length: n }, () => '"dns:x"').join()}],"marks":[${Array.from({ length: n }, () => '"x"').join()}]}`,
    readCertificateDetails,
  ),
  shape('journal: a line', 5000, (n) => `{"event":"revoked",${'"event":"'.repeat(n)}`, readStatusChange),
  shape(
    'access rules: lines',
    300,
    (n) => lines(n, (i) => `user u${i}\ntopic read a/${i}/#\npattern write %u/${i}`),
    (input) => AccessList.parse(input).mayPublish({ clientId: 'c', username: 'u1' }, 'a/b'),
  ),
  shape(
    'access rules: levels',
    2000,
    (n) => `pattern read ${'%c/'.repeat(n)}#`,
    (input) => AccessList.parse(input).mayReceive({ clientId: 'c', username: 'c' }, 'c/'.repeat(input.length / 3)),
  ),
  shape(
    'access rules: blanks',
    3000,
    (n) => `topic${' '.repeat(n)}\n`,
    (input) => AccessList.parse(input),
  ),
  shape(
    'passwords: lines',
    300,
    (n) => lines(n, (i) => `u${i}:p`),
    (input) => Users.parse(input),
  ),
  shape(
    'users: lines',
    300,
    (n) => lines(n, (i) => `u${i}:p`),
    (input) => parseUsers(input),
  ),
  shape('hosts', 2000, (n) => 'a,'.repeat(n), parseHosts),

  shape(
    'target: colons',
    5000,
    (n) => ':'.repeat(n),
    (input) => parseTarget(input),
  ),
  shape(
    'target: path',
    500,
    (n) => `wss://host/${'/?#'.repeat(n)}`,
    (input) => parseTarget(input),
  ),
  shape(
    'target: host',
    500,
    (n) => `${'a.'.repeat(n)}`,
    (input) => parseTarget(input),
  ),
  shape('name of a host', 2000, (n) => 'a-.'.repeat(n), toDnsName),
  shape('address: colons', 3000, (n) => '1:'.repeat(n), parseIpAddress),
  shape('address: groups', 3000, (n) => '0'.repeat(n), parseIpAddress),
  shape('duration', 5000, (n) => `${'1'.repeat(n)}${' '.repeat(n)}x`, parseThreshold),
  shape(
    'names: list',
    120,
    (n) => JSON.stringify(Array.from({ length: n }, (_, i) => `dns:h${i}.example`)),
    (input) => parseSubjectAltNames(input),
  ),
  shape(
    'names: e-mail',
    3000,
    (n) => `["email:${'a.'.repeat(n)}@x"]`,
    (input) => parseSubjectAltNames(input),
  ),
  shape(
    'names: deep list',
    3000,
    (n) => '['.repeat(n),
    (input) => parseSubjectAltNames(input),
  ),
  shape('constraints: lines', 500, (n) => lines(n, (i) => `permitted:dns:h${i}.example`), parseNameConstraints),
  shape('constraints: blanks', 5000, (n) => `permitted:dns:${' '.repeat(n)}`, parseNameConstraints),
  shape('pins', 2000, (n) => 'cert:,'.repeat(n), parsePins),
  shape('pin: blanks', 2000, (n) => ' ,'.repeat(n), parsePins),
  shape(
    'subject',
    3000,
    (n) => ' ,'.repeat(n),
    (commonName) => {
      const name = checkDistinguishedName({ organization: commonName });
      return [toRfc4514(name), toOpensslOneLine(name)];
    },
  ),
  shape('topic filter: levels', 3000, (n) => '+/'.repeat(n), parseTopicFilter),
  shape('payload: items', 800, (n) => Array.from({ length: n }, () => ({})), readPayload),
  shape('message of an error', 5000, (n) => '\n'.repeat(n), shownLine),

  shape('dialog: BEGIN without END', 800, (n) => '-----BEGIN X-----\n'.repeat(n), pemBlocks),
  shape(
    'dialog: label without end',
    3000,
    (n) => '-----BEGIN '.repeat(n),
    (input) => [pemBlocks(input), holdsPrivateKey(input)],
  ),
  shape('dialog: kind of a name', 500, (n) => `${':'.repeat(n)}x`, guessNameType),
  shape('dialog: name with dots', 3000, (n) => `${'1.'.repeat(n)}@`, guessNameType),
  shape('dialog: list of names', 500, (n) => JSON.stringify(Array.from({ length: n }, () => 'dns:x')), readNameList),
  shape('dialog: topic', 3000, (n) => '+/'.repeat(n) + '+x', isTopicFilter),
  shape('dialog: address', 3000, (n) => `mqtts://${'a:'.repeat(n)}`, splitBrokerAddress),
  shape(
    'dialog: sentence',
    60,
    (n) => `the server said a${' and a'.repeat(n)}!`,
    (input) => new SentenceTable('the server said … and … and …, not …\nx').translationOf(input),
  ),
];

function readAndJudge(bytes: Buffer): void {
  const read = Certificate.fromDer(bytes);
  void [read.subjectText, read.subjectCanonical, read.pem, deviceCompatibility(read)];
}

function folders(parts: number): Buffer {
  const [header] = [writeTar([{ name: 'f', mode: 0o700, content: Buffer.alloc(0) }], new Date(0)).subarray(0, 512)];
  const folder = Buffer.from(header as Buffer);
  folder.write('5', 156, 'latin1');
  folder.fill(' ', 148, 156);
  const sum = folder.reduce((total, octet) => total + octet, 0);
  folder.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([many(parts, () => folder), Buffer.alloc(1024)]);
}
