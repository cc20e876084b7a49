import assert from 'node:assert/strict';
import { readInventoryQuery } from '../../../src/model/inventory-query';
import { toOutgoingPublish } from '../../../src/mqtt/outgoing-message';
import { SECURE_MQTT_BROKER_DEFAULTS } from '../../../src/model/config/secure-mqtt-broker-config';
import { migrate } from '../../../src/model/config/migration';
import { TLS_PROBE_DEFAULTS, type TlsProbeConfig } from '../../../src/model/config/tls-probe';
import { DATATYPES } from '../../../src/model/config/secure-mqtt-in';
import { toReceivedMessage } from '../../../src/mqtt/received-message';
import { checkPort, parseTarget } from '../../../src/model/target';
import { shownValue } from '../../../src/model/shown-value';
import { readCertificateQuery } from '../../../src/node-red/certificate-query';
import { readConfiguredQuery, toLookup } from '../../../src/node-red/inventory-input';
import { overridden as issueFields, toIssueRequest } from '../../../src/node-red/issue-input';
import { readOverrides } from '../../../src/node-red/broker-overrides';
import { overridden } from '../../../src/node-red/broker-settings';
import { draftTypeOf, readDraft } from '../../../src/node-red/node-draft';
import { readPayload } from '../../../src/node-red/payload';
import { PROBE_DRAFT } from '../../../src/node-red/probe-drafts';
import { readProbeJobs } from '../../../src/node-red/probe-jobs';
import { toRevokeRequest } from '../../../src/node-red/revoke-input';
import { IN_ACTIONS, readAction, readTopics } from '../../../src/node-red/topic-actions';
import { mutated } from '../../support/seeded-random';
import type { Parser } from '../fuzzer';
import { changedValue } from '../value-mutations';

const ISSUE = {
  commonName: 'dev01',
  organization: 'Home',
  country: 'GB',
  subjectAltNames: ['dns:dev01.home.arpa', 'ip:10.0.0.1'],
  keyType: 'ec-p256',
  validityDays: 397,
  profile: 'device',
  privateKeyTo: 'message',
};
const PAYLOADS = [
  'dev01',
  'serial:0A',
  ISSUE,
  [ISSUE, 'dev02'],
  { serialNumber: '0A', commonName: 'dev01', reason: 'keyCompromise', all: true },
  { status: 'valid', name: 'dev*', limit: 10, offset: 0, expiresWithinDays: 30, replaced: false },
];
const MESSAGES = [
  { topic: 'a/b', payload: 'x', qos: 1, retain: true },
  {
    topic: 'a/b',
    payload: { deep: [1, { a: null }] },
    qos: '2',
    responseTopic: 'r',
    correlationData: 'c',
    contentType: 'application/json',
    messageExpiryInterval: 60,
    payloadFormatIndicator: true,
    topicAlias: 5,
    userProperties: { a: 'b', c: ['d', 'e'] },
  },
];
const STORED = 'the stored password';
const SYSTEM_TRUST: TlsProbeConfig = { ...TLS_PROBE_DEFAULTS, trust: 'system' };
/** A runtime that holds nothing. */
const NO_NODES = {
  nodes: { eachNode: () => undefined, getNode: () => null, getCredentials: () => undefined },
  util: {
    evaluateNodeProperty: (value: string, ...[, , , done]: ((error: null, value: string) => void)[]) =>
      done?.(null, value),
  },
  settings: {},
} as never;
const TOPICS = [
  'a/b',
  { topic: 'a/+', qos: 1, datatype: 'json', nl: true, rap: 'false', rh: 2 },
  ['a', { topic: '#' }],
];
const RECEIVED = ['{"a":[1,2]}', 'text', '{"a":', '[1,', '\u0000\u0001', 'null', '1e999'].map((text) =>
  Buffer.from(text),
);

type Row = Omit<Parser, 'runs' | 'make'> & { valid: readonly unknown[] };

/** A payload as a node reads it, each item with the values of the node. */
function eachItem(payload: unknown, read: (item: string | Record<string, unknown>) => unknown): unknown {
  const found = readPayload(payload);
  return found.kind === 'configured' ? [] : found.items.map(read);
}

const rows: Row[] = [
  {
    name: 'issue-payload',
    valid: PAYLOADS,
    read: (payload) =>
      eachItem(payload, (item) =>
        toIssueRequest(issueFields({ profile: 'server', action: 'issue' }, item, []), {
          ipAsDns: false,
          storeKey: true,
        }),
      ),
    codes: /^INPUT_(PAYLOAD|TOO_MANY|OVERRIDE|COMMON_NAME|SUBJECT|SUBJECT_ALT_NAME|KEY_TYPE|PROFILE|VALIDITY)$/,
    // Whatever the message says, what decides where keys go and what a certificate may do stays as the node has it.
    holds: (requests: never) => {
      for (const request of requests as { profile: string; storeKey: boolean; ipAsDns: boolean }[]) {
        assert.deepEqual([request.profile, request.storeKey, request.ipAsDns], ['server', true, false]);
      }
    },
  },
  {
    name: 'revoke-payload',
    valid: PAYLOADS,
    read: (payload) => eachItem(payload, (item) => toRevokeRequest(item, { reason: 'unspecified', all: false })),
    codes: /^INPUT_(PAYLOAD|TOO_MANY|SELECTOR)$/,
  },
  {
    name: 'inventory-payload',
    valid: PAYLOADS,
    read: (payload) => eachItem(payload, (item) => toLookup(item, {})),
    codes: /^INPUT_(PAYLOAD|TOO_MANY|SELECTOR|QUERY)$/,
  },
  {
    name: 'inventory-query',
    valid: PAYLOADS,
    read: (value) => readInventoryQuery(readConfiguredQuery(value)),
    codes: /^INPUT_QUERY$/,
  },
  {
    name: 'publish-message',
    valid: MESSAGES,
    read: (msg) => toOutgoingPublish(Object(msg) as Record<string, unknown>),
    codes: /^INPUT_(TOPIC|PAYLOAD|CONFIG)$/,
    holds: (publish: never) => {
      const { qos, payload } = (publish ?? { qos: 0, payload: '' }) as { qos: number; payload: unknown };
      assert.ok([0, 1, 2].includes(qos) && (typeof payload === 'string' || Buffer.isBuffer(payload)));
    },
  },
  { name: 'subscribe-message', valid: TOPICS, read: readTopics, codes: /^INPUT_(TOPIC|PAYLOAD|TOO_MANY)$/ },
  {
    name: 'connect-message',
    valid: [
      { broker: 'other.local', port: 8884, clientid: 'x', username: 'u', password: 'p', keepalive: 30, force: true },
    ],
    read: (value) => {
      const { overrides } = readOverrides(value);
      const settings = { ...SECURE_MQTT_BROKER_DEFAULTS, broker: 'mine.local' };
      return overridden({ ...settings } as never, { username: 'me', password: STORED }, overrides);
    },
    codes: /^INPUT_(OVERRIDE|PAYLOAD)$/,
    // The stored password goes nowhere but to the broker of the settings.
    holds: (changed: never) => {
      const { config, credentials } = changed as {
        config: { broker: string; port: number };
        credentials: { password?: string };
      };
      if (credentials.password === STORED)
        assert.deepEqual([config.broker.toLowerCase(), config.port], ['mine.local', 8883]);
    },
  },
  {
    name: 'certificate-query',
    valid: [
      { ca: 'n1', text: 'dev', status: 'valid', withinDays: '30', sort: 'name', order: 'up', offset: '0', limit: '50' },
    ],
    read: (value) => readCertificateQuery(Object(value) as Record<string, unknown>),
    codes: /^INPUT_QUERY$/,
    holds: ({ limit, offset }: never) => assert.ok(limit >= 0 && limit <= 200 && offset >= 0),
  },
  {
    name: 'node-draft',
    valid: [
      { node: { id: 'n1', type: 'tls-probe', z: 'f1', target: 'a:1', timeoutMs: '5' }, credentials: { username: 'u' } },
    ],
    read: (body) => {
      assert.ok(typeof draftTypeOf(body) === 'string');
      return readDraft(NO_NODES, body, PROBE_DRAFT);
    },
    codes: /^INPUT_(PAYLOAD|SECRET|CONFIG)$/,
  },
  {
    name: 'probe-message',
    valid: ['broker:8883', ['a:1', { target: 'b', servername: 'c' }], { target: 'a' }],
    read: async (target) => {
      const { jobs } = await readProbeJobs(NO_NODES, {} as never, SYSTEM_TRUST, { target, _msgid: 'm' }, {});
      return jobs;
    },
    codes: /^INPUT_(TARGET|PORT|TOO_MANY)$/,
    holds: (jobs: never) => assert.ok((jobs as unknown[]).length <= 10_000),
  },
  {
    name: 'stored-settings',
    valid: [TLS_PROBE_DEFAULTS, { ...SECURE_MQTT_BROKER_DEFAULTS, version: '1' }],
    read: (stored) => migrate(Object(stored) as Record<string, unknown>, TLS_PROBE_DEFAULTS),
    codes: /^INPUT_CONFIG(_VERSION)?$/,
    holds: (config: never) => assert.equal((config as { version: unknown }).version, 1),
  },
  { name: 'action', valid: IN_ACTIONS, read: (value) => readAction(value, IN_ACTIONS), codes: /^INPUT_PAYLOAD$/ },
  { name: 'port', valid: [8883, '8883', 0, 65_536], read: checkPort, codes: /^INPUT_PORT$/ },
  {
    name: 'target-value',
    valid: ['broker:8883', 8883],
    read: (value) => parseTarget(value),
    codes: /^INPUT_(TARGET|PORT)$/,
  },
  {
    name: 'shown-value',
    valid: PAYLOADS,
    read: shownValue,
    codes: /^none$/,
    holds: (text: never) => assert.ok((text as string).length <= 200, `${(text as string).length} characters`),
  },
];

/** The readers of what a message holds: anything that a function node can make, and what a broker delivers. */
export function messageParsers(): Parser[] {
  const received: Parser<Buffer> = {
    name: 'received-message',
    runs: 100,
    make: (random) => mutated(RECEIVED[random.below(RECEIVED.length)] as Buffer, random),
    read: (payload) => {
      const contentType = ['application/json', 'text/plain; x', '__proto__', undefined][payload.length % 4];
      const publish = { topic: 'a/b', payload, qos: 0 as const, retain: false, properties: { contentType } };
      const messages = DATATYPES.filter((datatype) => datatype !== 'json').map((datatype) => {
        if (contentType === 'application/json') return undefined;
        return toReceivedMessage(publish, datatype);
      });
      return [messages, toReceivedMessage(publish, 'json')];
    },
    codes: /^INPUT_PAYLOAD$/,
  };
  const values = rows.map(
    ({ valid, ...row }) => ({ ...row, runs: 100, make: (random) => changedValue(valid, random) }) satisfies Parser,
  );
  return [...values, received as Parser];
}
