import assert from 'node:assert/strict';
import { splitBrokerAddress, type BrokerAddress } from '../../../src/editor/broker-address';
import { guessNameType, readNameList, writeNameList, type NameEntry } from '../../../src/editor/name-list';
import { holdsPrivateKey, pemBlocks, type PemBlocks } from '../../../src/editor/pem-blocks';
import { SentenceTable } from '../../../src/editor/sentence-table';
import { probeTarget } from '../../../src/editor/target-validator';
import { isTopicFilter, isTopicName } from '../../../src/editor/topic-pattern';
import type { Validator } from '../../../src/editor/red';
import * as validators from '../../../src/editor/validators';
import { encodePem } from '../../../src/encoding/pem';
import { parseTarget } from '../../../src/model/target';
import { checkTopicName, parseTopicFilter } from '../../../src/mqtt/topic';
import type { Parser } from '../fuzzer';
import { changedText } from '../text-mutations';
import { changedValue } from '../value-mutations';

const NONE = /^none$/;
const PEM = ['CERTIFICATE', 'EC PRIVATE KEY', 'PRIVATE KEY', 'CERTIFICATE'].map((label) =>
  encodePem(label, Buffer.alloc(9)),
);
const SENTENCE = 'Connect to …, or add … (to the names), or …';

/** The values that a regular expression finds, which is right and slow. */
function slowly(sentence: string): string[] | undefined {
  const parts = SENTENCE.split('…').map((part) => part.replace(/[()]/g, '\\$&'));
  return new RegExp(`^${parts.join('(.*?)')}$`).exec(sentence.replace(/\.$/, ''))?.slice(1);
}

/** What the editor gives a validator: the node, and a value that may come from a flow of somebody else. */
const NODE = { id: 'n1', targetType: 'json', queryType: 'json', namesType: 'json', subjectType: 'str', port: '8883' };
const JUDGES: Record<string, Validator<never>> = {
  target: probeTarget('targetType'),
  threshold: validators.threshold(),
  subject: validators.subjectField('commonName'),
  constraints: validators.nameConstraints(),
  names: validators.subjectAltNames('namesType'),
  selector: validators.selector('subjectType'),
  query: validators.inventoryQuery('queryType'),
  events: validators.eventList(),
  file: validators.fileName(),
  filter: validators.topicFilter(),
  topic: validators.topicName(),
  address: validators.bindAddress(),
  hosts: validators.hostList(),
  object: validators.jsonObject(),
  number: validators.wholeNumber({ min: 0, max: 9 }),
  port: validators.secondPort('port'),
};
const VALUES = [
  'broker:8883',
  '["a:1", {"target":"b"}]',
  '33%',
  'dns:a',
  '["dns:a","ip:10.0.0.1"]',
  '{"status":"valid","limit":5}',
  ['due', 'expired'],
  '127.0.0.1',
  'a.local, b.local',
  8883,
];

/** The editor's global, as far as validators ask it: a key in the place of its text. */
function judged(value: unknown): unknown[] {
  const before: unknown = Reflect.get(globalThis, 'RED');
  Reflect.set(globalThis, 'RED', {
    _: (key: string) => key,
    nodes: { node: () => null },
    i18n: { lang: () => 'en-US' },
  });
  try {
    return Object.values(JUDGES).map((judge) => judge.call(NODE as never, value as never, { label: 'field' }));
  } finally {
    Reflect.set(globalThis, 'RED', before);
  }
}

/** A flow is JSON. */
function asInFlow(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null') as unknown;
  } catch {
    return {};
  }
}

/** The readers that run in the browser: what is typed or pasted, and what flows of others bring. */
export function dialogParsers(): Parser[] {
  const text = (name: string, valid: readonly string[]) => ({
    name,
    runs: 100,
    make: (random: Parameters<Parser['make']>[0]) => changedText(valid, random),
    codes: NONE,
  });
  const parsers = [
    {
      ...text('pasted-pem', [PEM.join(''), PEM.join('text\r\n'), PEM[0] as string]),
      read: pemBlocks,
      // Certificates are stored in flows; keys are secrets.
      holds: ({ certificates, secretKeys }: PemBlocks, input) => {
        assert.ok(!holdsPrivateKey(certificates));
        assert.ok(secretKeys === '' || holdsPrivateKey(input.replace(/\r\n?/g, '\n')));
      },
    } satisfies Parser<string>,
    {
      ...text('name-list', ['["dns:a.local","ip:10.0.0.1"]', '["uri:urn:x", "email:a@b"]', '[]']),
      read: readNameList,
      holds: (entries: NameEntry[] | undefined) => {
        if (!entries) return;
        const kept = entries
          .map(({ type, value }) => ({ type, value: value.trim() }))
          .filter(({ value }) => value !== '');
        assert.deepEqual(readNameList(writeNameList(entries)), kept);
      },
    } satisfies Parser<string>,
    {
      ...text('guessed-name', ['10.0.0.1', '2001:db8::1', 'a@b.c', 'urn:x', 'host.local', 'https://a']),
      read: guessNameType,
      holds: (type: string | undefined) => assert.match(type ?? 'dns', /^(dns|ip|uri|email)$/),
    } satisfies Parser<string>,
    {
      ...text('pasted-address', ['mqtts://broker:8883', 'wss://h/p', 'broker:1', 'mqtt://x', '[::1]:8883']),
      read: splitBrokerAddress,
      holds: (address: BrokerAddress | undefined, input) => {
        if (address) assert.equal(parseTarget(input.trim()).host, address.broker);
      },
    } satisfies Parser<string>,
    {
      ...text('dialog-topic', ['a/+/b', '#', '$share/g/a/#', 'a/b', '+']),
      read: (input) => [isTopicFilter(input), isTopicName(input)],
      // What the dialog accepts, the runtime takes; but a dialog does not count bytes.
      holds: ([filter, name]: boolean[], input) => {
        if (Buffer.byteLength(input) > 60_000) return;
        if (filter) parseTopicFilter(input);
        if (name) checkTopicName(input);
      },
    } satisfies Parser<string>,
    {
      ...text('sentence', [
        'Connect to a, or add b (to the names), or c.',
        'Connect to , or add , or add  (to the names), or ',
      ]),
      read: (input) => new SentenceTable(`${SENTENCE}\n<…|…|…>`).translationOf(input.slice(0, 300)),
      holds: (found: string | undefined, input) => {
        const values = slowly(input.slice(0, 300));
        const isEnglish = values?.some((value) => /^\d+ [a-z]+$|^; /.test(value));
        assert.equal(found, values && !isEnglish ? `<${values.join('|')}>` : undefined);
      },
    } satisfies Parser<string>,
    {
      name: 'validators',
      runs: 150,
      make: (random) => asInFlow(changedValue(VALUES, random)),
      read: judged,
      codes: NONE,
      holds: (verdicts: unknown[]) => {
        for (const verdict of verdicts) assert.ok(verdict === true || typeof verdict === 'string');
      },
    } satisfies Parser,
  ];
  return parsers as Parser[];
}
