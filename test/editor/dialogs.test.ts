import { SECURE_MQTT_BROKER_DEFAULTS } from '../../src/model/config/secure-mqtt-broker-config';
import { SECURE_MQTT_IN_DEFAULTS } from '../../src/model/config/secure-mqtt-in';
import { SECURE_MQTT_OUT_DEFAULTS } from '../../src/model/config/secure-mqtt-out';
import { SECURE_MQTT_SERVER_DEFAULTS } from '../../src/model/config/secure-mqtt-server';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_PROBE_DEFAULTS } from '../../src/model/config/tls-probe';
import { judgeDialogs, type DialogCase } from '../support/dialog-cases';

const place = { z: 'tab', x: 200, y: 200 };
const RANGE = /a whole number from/;

/** Fields of tls-issue that say nothing about the CA itself. */
const OF_A_CERTIFICATE = [
  ...['profile', 'commonName', 'subjectAltNames', 'ipAsDns', 'organization'],
  ...['rekey', 'validityDays', 'privateKeyTo', 'fromRequest'],
];

/** One row per dialog. A new node is a new row. */
function dialogs(port: number): DialogCase[] {
  return [
    {
      node: {
        ...TLS_CA_DEFAULTS,
        id: 'ca',
        type: 'tls-ca',
        name: 'Test CA',
        folder: 'pki/test',
        commonName: 'Test CA',
      },
      change: {
        name: 'Renamed CA',
        leafValidityDays: { type: '90', stored: 90 },
        deviceValidityDays: { type: '365', stored: 365 },
        renewBefore: '30d',
        crlDays: { type: '14', stored: 14 },
      },
      refused: [
        { set: { leafValidityDays: '0' }, field: 'leafValidityDays', reason: RANGE },
        { set: { leafValidityDays: '1.5' }, field: 'leafValidityDays', reason: RANGE },
        { set: { crlDays: '' }, field: 'crlDays', reason: RANGE },
        { set: { renewBefore: '30' }, field: 'renewBefore', reason: /such as 33%, or days, such as 30d/ },
        { set: { commonName: 'x'.repeat(65) }, field: 'commonName', reason: /at most 64/ },
        { set: { country: 'Germany' }, field: 'country', reason: /two letters/ },
        { set: { source: 'import', importPath: '' }, field: 'importPath', reason: /something is needed here/ },
        { set: { pathLength: '9' }, field: 'pathLength', reason: RANGE },
        { set: { nameConstraints: 'home.arpa' }, field: 'nameConstraints', reason: /^Name constraints: .*home.arpa/ },
      ],
      accepted: [
        { set: { nameConstraints: 'permitted:dns:home.arpa' }, field: 'nameConstraints' },
        { set: { country: '' }, field: 'country' },
      ],
      applying: [
        {
          set: { source: 'create' },
          shown: ['name', 'folder', 'commonName', 'passphrase', 'issuer', 'pathLength', 'validityDays'],
          hidden: ['importPath'],
        },
        {
          set: { source: 'import' },
          shown: ['importPath', 'passphrase', 'issuer', 'leafValidityDays', 'crlDays'],
          hidden: ['commonName', 'pathLength', 'validityDays', 'nameConstraints'],
        },
      ],
    },
    {
      node: {
        ...TLS_ISSUE_DEFAULTS,
        ...place,
        id: 'issue',
        type: 'tls-issue',
        ca: 'ca',
        commonName: 'broker',
        subjectAltNames: '["dns:mosquitto.local","ip:192.168.0.147"]',
        wires: [[]],
      },
      change: {
        name: 'certificates',
        profile: 'device',
        commonName: 'dev01',
        organization: 'Home',
        country: 'de',
        keyType: 'rsa-2048',
        validityDays: '100',
        privateKeyTo: 'both',
      },
      refused: [
        { set: { ca: '_ADD_' }, field: 'ca', reason: /CA: something is needed here/ },
        { set: { commonName: 'a\u0007b' }, field: 'commonName', reason: /control character/ },
        { set: { country: 'D' }, field: 'country', reason: /two letters/ },
        { set: { validityDays: '-1' }, field: 'validityDays', reason: RANGE },
        { set: { subjectAltNames: '["dns:a_b"]' }, field: 'subjectAltNames', reason: /underscore/ },
        { set: { subjectAltNames: '["ip:999.1.1.1"]' }, field: 'subjectAltNames', reason: /not an IP address/ },
      ],
      accepted: [
        { set: { validityDays: '' }, field: 'validityDays' },
        { set: { commonName: '' }, field: 'commonName' },
        { set: { subjectAltNames: '["dns:*.home.arpa"]' }, field: 'subjectAltNames' },
      ],
      applying: [
        {
          set: { action: 'issue', profile: 'server' },
          shown: ['profile', 'commonName', 'subjectAltNames', 'ipAsDns', 'keyType', 'privateKeyTo', 'organization'],
          hidden: ['rekey'],
        },
        { set: { action: 'issue', profile: 'device' }, shown: ['subjectAltNames'], hidden: ['ipAsDns'] },
        {
          set: { action: 'renew' },
          shown: ['commonName', 'rekey', 'validityDays', 'privateKeyTo'],
          hidden: ['profile', 'subjectAltNames', 'ipAsDns', 'organization', 'keyType'],
        },
        {
          set: { action: 'sign' },
          shown: ['profile', 'subjectAltNames'],
          hidden: ['keyType', 'privateKeyTo', 'rekey'],
        },
        { set: { action: 'ca-introduce' }, shown: ['ca', 'action', 'keyType'], hidden: [...OF_A_CERTIFICATE] },
        ...['ca-renew', 'ca-switch', 'ca-retire'].map((action) => ({
          set: { action },
          shown: ['ca', 'action'],
          hidden: ['keyType', ...OF_A_CERTIFICATE],
        })),
      ],
    },
    {
      node: {
        ...TLS_EXPORT_DEFAULTS,
        ...place,
        id: 'export',
        type: 'tls-export',
        ca: 'ca',
        folder: 'certificates',
        wires: [[]],
      },
      change: {
        layout: 'mosquitto',
        folder: 'broker',
        level: 'server-password',
        brokerHost: 'broker.local',
        brokerPort: { type: '8884', stored: 8884 },
        targetDir: '/etc/mosquitto/certs',
        crl: 'static',
        baseName: 'broker',
      },
      refused: [
        { set: { baseName: '../x' }, field: 'baseName', reason: /no folder/ },
        { set: { baseName: 'a.' }, field: 'baseName', reason: /no folder/ },
        { set: { brokerPort: '65536' }, field: 'brokerPort', reason: RANGE },
        { set: { layout: 'mosquitto', targetDir: '' }, field: 'targetDir', reason: /something is needed here/ },
        { set: { layout: 'esp32', brokerHost: '' }, field: 'brokerHost', reason: /something is needed here/ },
      ],
      accepted: [{ set: { layout: 'pem', targetDir: '' }, field: 'targetDir' }],
      applying: [
        {
          set: { layout: 'pem' },
          shown: ['folder', 'baseName', 'passphrase'],
          hidden: ['level', 'targetDir', 'progmem'],
        },
        { set: { layout: 'der' }, shown: ['folder'], hidden: ['level', 'passphrase', 'progmem'] },
        { set: { layout: 'c-header' }, shown: ['progmem'], hidden: ['level', 'passphrase'] },
        {
          set: { layout: 'pkcs12' },
          shown: ['alias', 'passphrase', 'legacy'],
          hidden: ['level', 'progmem'],
        },
        {
          set: { layout: 'mosquitto' },
          shown: ['level', 'brokerHost', 'brokerPort', 'targetDir', 'dialect', 'crl', 'users', 'passphrase'],
          hidden: ['progmem'],
        },
        {
          set: { layout: 'workshop' },
          shown: ['targetDir', 'users', 'progmem', 'passphrase'],
          hidden: ['level', 'dialect'],
        },
        {
          set: { layout: 'thin-edge' },
          shown: ['level', 'brokerHost', 'targetDir', 'crl', 'users'],
          hidden: ['dialect', 'alias', 'passphrase'],
        },
        {
          set: { layout: 'node-red' },
          shown: ['brokerHost', 'brokerPort', 'targetDir'],
          hidden: ['level', 'crl', 'users', 'passphrase'],
        },
        { set: { layout: 'esp8266' }, shown: ['brokerHost', 'brokerPort'], hidden: ['level', 'targetDir', 'crl'] },
        { set: { layout: 'hono' }, shown: ['passphrase', 'legacy', 'alias'], hidden: ['brokerHost', 'level'] },
        { set: { write: 'message' }, shown: ['layout'], hidden: ['folder'] },
      ],
    },
    {
      node: {
        ...TLS_PROBE_DEFAULTS,
        ...place,
        id: 'probe',
        type: 'tls-probe',
        target: `localhost:${port}`,
        ca: 'ca',
        outputs: 1,
        wires: [[]],
      },
      change: {
        target: 'mosquitto.local:8883',
        identity: 'issue',
        identityName: 'monitor',
        warnBefore: '60d',
        criticalBefore: '14d',
        timeoutMs: { type: '5000', stored: 5000 },
        repeatSeconds: { type: '3600', stored: 3600 },
        family: { type: '4', stored: 4 },
        emit: 'changes',
        mqtt: false,
      },
      refused: [
        { set: { ca: '_ADD_' }, field: 'ca', reason: /something is needed here/ },
        { set: { warnBefore: 'soon' }, field: 'warnBefore', reason: /such as 33%/ },
        { set: { timeoutMs: '10' }, field: 'timeoutMs', reason: RANGE },
        { set: { target: 'host:99999' }, field: 'target', reason: /the port is "99999"/ },
        { set: { target: 'two words' }, field: 'target', reason: /neither a host name nor an IP address/ },
        { set: { trust: 'file' }, field: 'caFile', reason: /something is needed here/ },
        { set: { identity: 'store' }, field: 'identityName', reason: /something is needed here/ },
      ],
      accepted: [
        { set: { trust: 'system', ca: '_ADD_' }, field: 'ca' },
        { set: { broker: 'broker', ca: '_ADD_' }, field: 'ca' },
      ],
      applying: [
        { set: { trust: 'ca', identity: 'none' }, shown: ['ca'], hidden: ['caFile', 'identityName', 'certFile'] },
        { set: { trust: 'file', identity: 'none' }, shown: ['caFile'], hidden: ['ca'] },
        { set: { trust: 'file', identity: 'issue' }, shown: ['ca', 'caFile', 'identityName'], hidden: ['keyFile'] },
        {
          set: { trust: 'ca', identity: 'file' },
          shown: ['certFile', 'keyFile', 'passphrase'],
          hidden: ['identityName'],
        },
        { set: { broker: 'broker' }, shown: ['target', 'mqtt'], hidden: ['trust', 'ca', 'identity', 'username'] },
      ],
    },
    {
      node: {
        ...SECURE_MQTT_BROKER_DEFAULTS,
        id: 'broker',
        type: 'secure-mqtt-broker-config',
        broker: 'localhost',
        port,
        clientId: 'node-red',
        ca: 'ca',
      },
      change: {
        name: 'my broker',
        broker: '192.168.0.147',
        port: { type: '8884', stored: 8884 },
        protocolVersion: '5',
        cleanSession: false,
        sessionExpiry: { type: '3600', stored: 3600 },
        keepalive: { type: '30', stored: 30 },
        security: 'server',
        trust: 'pem',
        caPem: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n',
        verifyHostname: false,
        pin: `cert:${'ab'.repeat(32)}`,
        minVersion: 'TLSv1.3',
        queueLimit: { type: '5', stored: 5 },
        willTopic: 'node-red/status',
        willPayload: 'offline',
        willQos: '1',
        willRetain: true,
      },
      refused: [
        { set: { broker: '' }, field: 'broker', reason: /required/ },
        { set: { broker: 'ftp://x' }, field: 'broker', reason: /no host name/ },
        { set: { broker: 'mqtts://me:secret@x' }, field: 'broker', reason: /no host name/ },
        { set: { port: '0' }, field: 'port', reason: RANGE },
        { set: { clientId: '', cleanSession: false }, field: 'clientId', reason: /fixed id/ },
        { set: { ca: '_ADD_' }, field: 'ca', reason: /something is needed here/ },
        { set: { trust: 'file' }, field: 'caFile', reason: /something is needed here/ },
        { set: { identity: 'file' }, field: 'keyFile', reason: /something is needed here/ },
        { set: { identity: 'pkcs12' }, field: 'p12File', reason: /something is needed here/ },
        { set: { clientId: '', identity: 'issue' }, field: 'identityName', reason: /or a client id on the first tab/ },
        {
          set: { trust: 'pem', caPem: '-----BEGIN EC PRIVATE KEY-----\n…' },
          field: 'caPem',
          reason: /private key must not stand here/,
        },
        { set: { pin: 'cert:12' }, field: 'pin', reason: /64 hex digits/ },
        { set: { willTopic: 'a/#' }, field: 'willTopic', reason: /without \+ and #/ },
      ],
      accepted: [
        { set: { security: 'none', ca: '_ADD_' }, field: 'ca' },
        { set: { security: 'server', trust: 'system', ca: '_ADD_' }, field: 'ca' },
        { set: { clientId: '' }, field: 'clientId' },
        { set: { broker: '${MQTT_HOST}' }, field: 'broker' },
        { set: { port: '${MQTT_PORT}' }, field: 'port' },
        { set: { brokerType: 'env', broker: 'MQTT HOST' }, field: 'broker' },
        { set: { pin: `spki:${'A'.repeat(43)}=, cert:${'AB:'.repeat(31)}AB` }, field: 'pin' },
      ],
      applying: [
        {
          set: { security: 'mutual', trust: 'ca', identity: 'issue' },
          shown: ['trust', 'ca', 'identity', 'identityName', 'verifyServer', 'verifyHostname', 'servername', 'pin'],
          hidden: ['caFile', 'caPem', 'tlsConfig', 'certFile', 'certPem', 'passphrase', 'path', 'sessionExpiry'],
        },
        { set: { security: 'server', trust: 'file' }, shown: ['caFile'], hidden: ['ca', 'identity', 'identityName'] },
        {
          set: { security: 'none' },
          shown: ['username', 'password'],
          hidden: ['trust', 'verifyServer', 'identity', 'pin'],
        },
        { set: { verifyServer: false }, shown: ['verifyServer'], hidden: ['verifyHostname', 'servername'] },
        { set: { identity: 'pkcs12' }, shown: ['p12File', 'passphrase'], hidden: ['certFile', 'certPem'] },
        { set: { identity: 'pem' }, shown: ['certPem', 'keyPem', 'passphrase'], hidden: ['identityName', 'keyFile'] },
        { set: { identity: 'tls-config' }, shown: ['tlsConfig'], hidden: ['certPem', 'passphrase'] },
        { set: { transport: 'wss', protocolVersion: '5' }, shown: ['path', 'sessionExpiry'], hidden: [] },
      ],
    },
    {
      node: {
        ...SECURE_MQTT_IN_DEFAULTS,
        ...place,
        id: 'in',
        type: 'secure-mqtt-in',
        broker: 'broker',
        topic: 'a/+',
        wires: [[]],
      },
      change: { name: 'in', topic: '$share/group/a/#', qos: '0', datatype: 'json' },
      refused: [
        { set: { topic: '' }, field: 'topic', reason: /a topic such as/ },
        { set: { topic: 'a#' }, field: 'topic', reason: /a topic such as/ },
        { set: { broker: '_ADD_' }, field: 'broker', reason: /something is needed here/ },
      ],
      accepted: [{ set: { inputs: '1', topic: '' }, field: 'topic' }],
      applying: [
        { set: { inputs: '0' }, shown: ['topic', 'qos', 'datatype'], hidden: ['nl', 'rh'] },
        { set: { inputs: '1' }, shown: ['datatype'], hidden: ['topic', 'qos', 'nl'] },
      ],
    },
    {
      node: { ...SECURE_MQTT_OUT_DEFAULTS, ...place, id: 'out', type: 'secure-mqtt-out', broker: 'broker', wires: [] },
      change: { name: 'out', topic: 'a/b', qos: '2', retain: 'true' },
      refused: [
        { set: { topic: 'a/+' }, field: 'topic', reason: /without \+ and #/ },
        { set: { userProps: '[1]' }, field: 'userProps', reason: /a JSON object/ },
        { set: { expiry: 'x' }, field: 'expiry', reason: RANGE },
      ],
      accepted: [
        { set: { topic: '' }, field: 'topic' },
        { set: { userProps: '{"a":"b"}' }, field: 'userProps' },
      ],
      applying: [{ set: {}, shown: ['topic', 'qos', 'retain'], hidden: ['userProps', 'expiry', 'correl'] }],
    },
    {
      node: {
        ...SECURE_MQTT_SERVER_DEFAULTS,
        ...place,
        id: 'server',
        type: 'secure-mqtt-server',
        ca: 'ca',
        port,
        wires: [[]],
      },
      change: {
        name: 'server',
        port: { type: '8884', stored: 8884 },
        bindAddress: '0.0.0.0',
        hosts: 'mosquitto.local, 192.168.0.147',
        security: 'server',
        wsPort: { type: '9001', stored: 9001 },
        acl: 'pattern readwrite %c/#\nuser dev02\ntopic read +/status',
      },
      refused: [
        { set: { port: '' }, field: 'port', reason: RANGE },
        { set: { hosts: '' }, field: 'hosts', reason: /something is needed here/ },
        { set: { hosts: 'a b_c' }, field: 'hosts', reason: /b_c is no host name/ },
        { set: { bindAddress: 'localhost' }, field: 'bindAddress', reason: /an IP address/ },
        { set: { port: '9001', wsPort: '9001' }, field: 'wsPort', reason: /another port than 9001/ },
        { set: { wsPort: '70000' }, field: 'wsPort', reason: RANGE },
        { set: { ca: '_ADD_' }, field: 'ca', reason: /something is needed here/ },
      ],
      accepted: [
        { set: { hosts: 'localhost\n::1, *.home.arpa' }, field: 'hosts' },
        { set: { wsPort: '0' }, field: 'wsPort' },
      ],
      applying: [
        { set: { security: 'mutual' }, shown: ['port', 'hosts', 'acl'], hidden: ['users'] },
        { set: { security: 'server' }, shown: ['users'], hidden: [] },
      ],
    },
  ];
}

judgeDialogs('the dialogs', dialogs);
