import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { checkBaseName, baseNameOf } from '../../../src/export/base-name';
import { parseUsers, type MosquittoUser } from '../../../src/export/mosquitto-users';
import { checkDistinguishedName, toOpensslOneLine, toRfc4514 } from '../../../src/model/distinguished-name';
import { toDnsName } from '../../../src/model/dns-name';
import { parseThreshold } from '../../../src/model/duration';
import { parseIpAddress, type IpAddress } from '../../../src/model/ip-address';
import { parseNameConstraints } from '../../../src/model/name-constraints';
import { readSelector, type Selector } from '../../../src/model/selector';
import { slug } from '../../../src/model/slug';
import { formatSubjectAltName, parseSubjectAltName, type SubjectAltName } from '../../../src/model/subject-alt-name';
import { formatTarget, parseTarget, type Target } from '../../../src/model/target';
import { AccessList } from '../../../src/mqtt/acl';
import { Users } from '../../../src/mqtt/server-admission';
import { parseHosts } from '../../../src/mqtt/server-certificate';
import { checkTopicName, parseTopicFilter } from '../../../src/mqtt/topic';
import { checkFileName, checkRelativePath } from '../../../src/store/file-name';
import { formatIndexRow, parseIndexRow, type IndexRow } from '../../../src/store/index-row';
import { readCertificateDetails, readStatusChange } from '../../../src/store/journal-row';
import { parseLockRecord } from '../../../src/store/lock-record';
import { formatPin, parsePins, type Pin } from '../../../src/tls/pin';
import type { Parser } from '../fuzzer';
import { changedText } from '../text-mutations';

/** A reader of text: its name, valid texts, the reading, the codes, what holds of what is accepted. */
type Row<Value> = [
  name: string,
  valid: readonly string[],
  read: (text: string) => Value,
  codes: RegExp,
  holds?: (value: Value, text: string) => void,
];

const NONE = /^none$/;
/** Characters that are read. */
const LONGEST_TARGET = 2048;
const DETAILS =
  '"serialNumber":"0A","commonName":"dev01","profile":"device","keyType":"ec-p256","notBefore":"2026-01-01T00:00:00.000Z","fingerprint256":"AB"';
const FINGERPRINT = 'ab'.repeat(32);

const rows = [
  row(
    'target',
    [
      'broker.local',
      'broker.local:8883',
      'mqtts://broker:1',
      'wss://h/p?q#f',
      'https://h',
      '[2001:db8::1]:8883',
      '2001:db8::1',
      'ssl://h:1',
      '[fe80::1%eth0]:1',
    ],
    (text) => parseTarget(text),
    /^INPUT_(TARGET|PORT)$/,
    (target: Target) => {
      // What is written by us names the port as well.
      if (formatTarget(target).length <= LONGEST_TARGET) assert.deepEqual(parseTarget(formatTarget(target)), target);
      assert.doesNotMatch(formatTarget(target), /\s/);
    },
  ),
  row(
    'ip-address',
    ['192.168.1.2', '2001:db8::1', '::ffff:1.2.3.4', '::', 'fe80::1', '1:2:3:4:5:6:7:8'],
    (text) => parseIpAddress(text),
    NONE,
    (address: IpAddress | undefined, text) => {
      // The system's reader takes a zone, which no certificate can hold.
      if (!text.includes('%')) assert.equal(address?.family ?? 0, isIP(text), 'node:net judges otherwise');
      if (address) assert.deepEqual(parseIpAddress(address.text), address);
    },
  ),
  row(
    'dns-name',
    ['broker.home.arpa', 'xn--bcher-kva.example', 'bücher.example', '*.example.com', 'a-b.c'],
    (text) => toDnsName(text),
    NONE,
    (name: string | undefined) => {
      if (name === undefined) return;
      assert.equal(toDnsName(name), name);

      assert.match(name, /^[\x21-\x7e]{1,253}$/);
    },
  ),
  row(
    'subject-alt-name',
    ['dns:broker.home.arpa', 'ip:10.0.0.1', 'ip:::1', 'uri:urn:dev:1', 'email:a@b.example', 'dns:*.example.com'],
    (text) => parseSubjectAltName(text, { allowWildcard: true }),
    /^INPUT_SUBJECT_ALT_NAME$/,
    (name: SubjectAltName) =>
      assert.deepEqual(parseSubjectAltName(formatSubjectAltName(name), { allowWildcard: true }), name),
  ),
  row('duration', ['33%', '30d', '0.5 days', ' 99.999% '], parseThreshold, /^INPUT_VALIDITY$/),
  row(
    'selector',
    ['serial:0A1B', 'name:dev01', 'dev01', 'serial:a'],
    (text) => readSelector(text),
    /^INPUT_SELECTOR$/,
    (selector: Selector) => {
      if (selector.by === 'serial') assert.match(selector.value, /^([0-9A-F]{2})+$/);
      else assert.ok(selector.value.length > 0);
    },
  ),
  row(
    'name-constraints',
    [
      'permitted:dns:home.arpa, excluded:ip:10.0.0.0/8',
      'permitted:email:example.com\nexcluded:uri:example.com',
      'permitted:ip:2001:db8::/32',
    ],
    parseNameConstraints,
    /^INPUT_NAME_CONSTRAINTS$/,
  ),
  row(
    'subject',
    ['dev01', 'GB', 'Ünïcode', 'a,b+c=d', '#x', ' x '],
    (text) => checkDistinguishedName({ commonName: text, organization: text }),
    /^INPUT_(COMMON_NAME|SUBJECT)$/,
    (name) => {
      assert.ok(!/[\n\t]/.test(toOpensslOneLine(name)), 'a line of index.txt stays one line of six fields');
      assert.equal(typeof toRfc4514(name), 'string');
    },
  ),
  row(
    'pins',
    [`cert:${FINGERPRINT}`, `spki:${'A'.repeat(43)}=`, `sha256//${'A'.repeat(43)}=, cert:${FINGERPRINT}`],
    parsePins,
    /^INPUT_PIN$/,
    (pins: Pin[], text) => {
      for (const pin of pins) assert.equal(pin.digest.length, 32);
      assert.deepEqual(parsePins(pins.map(formatPin).join(' ')), pins);
      assert.ok(pins.length > 0 || text.trim() === '', 'a text that is not empty is never no pin');
    },
  ),
  row('topic-name', ['a/b', 'devices/dev01/state', '/a//b'], checkTopicName, /^INPUT_TOPIC$/, (topic) =>
    assert.doesNotMatch(topic, /[+#\0]/),
  ),
  row('topic-filter', ['a/+/b', '#', '$share/workers/jobs/#', '+/+'], parseTopicFilter, /^INPUT_TOPIC$/),
  row(
    'acl',
    [
      'topic read a/#\nuser dev01\ntopic readwrite devices/dev01/#\npattern write %u/x',
      '# none\ntopic deny $SYS/#\npattern read %c/+',
    ],
    (text) => AccessList.parse(text),
    /^INPUT_CONFIG$/,
    (list: AccessList) => {
      const hostile = { clientId: '#', username: '+' };
      for (const topic of ['a/b', '+/x', '$SYS/x']) {
        assert.equal(typeof list.mayPublish(hostile, topic), 'boolean');
        assert.equal(typeof list.mayReceive(hostile, topic), 'boolean');
      }
    },
  ),
  row('passwords', ['alice:secret\n# none\nbob:x:y', 'a:b'], (text) => Users.parse(text), /^INPUT_CONFIG$/),
  row(
    'users',
    ['alice:secret\nbob:x:y', '[{"name":"a","password":"b","topics":["read #"]}]'],
    parseUsers,
    /^INPUT_CONFIG$/,
    (users: MosquittoUser[]) => {
      for (const { name, topics } of users) assert.doesNotMatch([name, ...topics].join(''), /[\r\n]/);
    },
  ),
  row('hosts', ['a.local, 10.0.0.1 ::1', 'broker'], parseHosts, /^INPUT_(CONFIG|SUBJECT_ALT_NAME)$/),
  row(
    'index-row',
    [
      'V\t360101000000Z\t\t0A1B\tunknown\t/CN=dev01',
      'R\t360101000000Z\t260101000000Z,keyCompromise\t01\tunknown\t/C=GB/CN=x',
      'E\t20510101000000Z\t\t01\tunknown\t/CN=x',
    ],
    (text) => parseIndexRow(text, 1),
    /^CA_CORRUPT$/,
    (row: IndexRow) => {
      const again = formatIndexRow(row);
      assert.deepEqual(parseIndexRow(again, 1), row, `written as ${JSON.stringify(again)}`);
    },
  ),
  row(
    'journal-row',
    [
      `{"at":"2026-01-01T00:00:00.000Z","event":"issued","node":"n",${DETAILS},"subjectAltNames":["dns:a"],"marks":["x"]}`,
      '{"at":"2026-01-01T00:00:00.000Z","event":"revoked","node":"n","serialNumber":"0A","reason":"superseded"}',
      '{"at":{"toString":1},"event":"released","node":"n","serialNumber":"0A"}',
      `{${DETAILS.replace('"2026-01-01T00:00:00.000Z"', '{"toString":1,"valueOf":1}')}}`,
    ],
    (text) => [readCertificateDetails(text), readStatusChange(text)],
    NONE,
  ),
  row(
    'lock-record',
    [`{"id":"${'0'.repeat(32)}","host":"h","pid":1,"heartbeat":"2026-01-01T00:00:00.000Z"}`],
    parseLockRecord,
    NONE,
  ),
  row(
    'file-name',
    ['dev01.key.pem', 'a/b/c', 'CON', 'aux.txt'],
    (text) => checkRelativePath(text),
    /^INPUT_FOLDER$/,
    (parts: string[]) => {
      for (const part of parts) assert.equal(checkFileName(part), part);
      assert.ok(!parts.includes('..') && !parts.includes(''));
    },
  ),
  row(
    'base-name',
    ['dev01', 'Wohnzimmer Süd', '../x', 'a.b'],
    (text) => [slug(text), baseNameOf(text)],
    NONE,
    ([, base]: string[]) => assert.doesNotMatch(base ?? '', /[/\\\0]|^\.\.?$/),
  ),
  row('chosen-base-name', ['dev01', '../x', 'a b'], checkBaseName, /^INPUT_(FOLDER|CONFIG|LAYOUT)$/),
];

function row<Value>(...parts: Row<Value>): Parser<string> {
  const [name, valid, read, codes, holds] = parts;
  return {
    name,
    runs: 100,
    make: (random) => changedText(valid, random),
    read,
    codes,
    ...(holds && { holds: holds as never }),
  };
}

/** The readers of text that people, flows and files give. */
export function textParsers(): Parser[] {
  return rows as Parser[];
}
