import assert from 'node:assert/strict';
import type { TlsOptions } from 'node:tls';
import { createRevocationList } from '../../src/pki/revocation-list';
import { der } from '../../src/encoding/der-writer';
import { probe, type ProbeOptions } from '../../src/tls/probe';
import type { ProbeReport } from '../../src/tls/probe-report';
import type { TlsMaterialParts } from '../../src/tls/tls-material';
import { parsePins } from '../../src/tls/pin';
import { inDays } from '../support/certificates';
import {
  handmade,
  handmadeIntermediate,
  handmadeRoot,
  handmadeServer,
  rsaKey,
  trusting,
  type HandmadeCertificate,
} from '../support/certificates-fixture';
import { closeConnections, failureOf, testConnection } from '../support/connection';
import { closeServers, mqttConversation, startTlsServer, type TestServer } from '../support/tls-servers';

const root = handmadeRoot();
const intermediate = handmadeIntermediate(root);
const otherRoot = handmadeRoot({ commonName: 'Other' });
/** Same name as the root, another key: what `makeCertificates.sh` leaves behind when it runs again. */
const rootMadeAnew = handmadeRoot();

interface Situation {
  identity: HandmadeCertificate;
  chain?: readonly HandmadeCertificate[];
  material?: TlsMaterialParts;
  host?: string;
  target?: string;
  code: string | null;
  stage: string;
  message?: RegExp;
  fix?: RegExp;
  /** Node's own verdict; the reason why the row is needed. */
  node?: string | null;
  options?: Partial<ProbeOptions>;
  /** Of the server. */
  server?: TlsOptions;
  check?(report: ProbeReport): void;
}

async function crl(
  revoked: string[],
  dates: { thisUpdate?: Date; nextUpdate?: Date } = {},
  issuer = root,
): Promise<string> {
  const { pem } = await createRevocationList({
    issuer,
    number: 1,
    thisUpdate: dates.thisUpdate ?? inDays(-1),
    nextUpdate: dates.nextUpdate ?? inDays(30),
    revoked: revoked.map((serialNumber) => ({ serialNumber, revokedAt: inDays(-1), reason: 'keyCompromise' as const })),
  });
  return pem;
}

const good = handmadeServer(root);
const below = handmadeServer(intermediate);
const unknownCritical = der.sequence(der.oid('1.2.3.4.5'), der.boolean(true), der.octetString(der.nullValue()));

/** What is wrong with the server's certificates; every row runs over TLS 1.2 and 1.3. */
const SITUATIONS: Record<string, Situation | (() => Promise<Situation>)> = {
  'all is well': { identity: below, chain: [intermediate], code: null, stage: 'done', node: null },
  'leaf expired': {
    identity: handmadeServer(root, { notBefore: inDays(-30), notAfter: inDays(-3) }),
    code: 'CERT_EXPIRED',
    stage: 'chain',
    message: /server's certificate "CN=localhost" expired on .*, [23] days ago/,
    node: 'CERT_HAS_EXPIRED',
    check: ({ leaf, verdicts }) => {
      assert.ok((leaf?.daysRemaining ?? 0) < 0);
      assert.equal(verdicts.expiry.severity, 'critical');
    },
  },
  'intermediate expired': () => {
    const expired = handmadeIntermediate(root, { notBefore: inDays(-30), notAfter: inDays(-3) });
    return Promise.resolve({
      identity: handmadeServer(expired),
      chain: [expired],
      code: 'CERT_EXPIRED',
      stage: 'chain',
      message: /the intermediate certificate "CN=Intermediate" expired/,
      node: 'CERT_HAS_EXPIRED',
    });
  },
  'root expired': () => {
    const expired = handmadeRoot({ notBefore: inDays(-30), notAfter: inDays(-3) });
    return Promise.resolve({
      identity: handmadeServer(expired),
      material: trusting(expired),
      code: 'CERT_EXPIRED',
      stage: 'chain',
      message: /the trusted CA certificate "CN=Root" expired/,
      node: 'CERT_HAS_EXPIRED',
    });
  },
  'not valid for another five hours': {
    identity: handmadeServer(root, { notBefore: new Date(Date.now() + 5.5 * 3_600_000) }),
    code: 'CERT_NOT_YET_VALID',
    stage: 'chain',
    message: /valid only from .*, in 5 hours/,
    fix: /clock/,
    node: 'CERT_NOT_YET_VALID',
  },
  'leaf expired two hours ago': {
    identity: handmadeServer(root, { notBefore: inDays(-30), notAfter: new Date(Date.now() - 2.5 * 3_600_000) }),
    code: 'CERT_EXPIRED',
    stage: 'chain',
    message: /, 2 hours ago/,
    fix: /check the clock of this machine/,
    node: 'CERT_HAS_EXPIRED',
  },
  'not valid for another week': {
    identity: handmadeServer(root, { notBefore: inDays(7.5) }),
    code: 'CERT_NOT_YET_VALID',
    stage: 'chain',
    message: /in 7 days/,
    fix: /Check the date of this machine/,
  },
  'intermediate not yet valid': () => {
    const early = handmadeIntermediate(root, { notBefore: inDays(1.5) });
    return Promise.resolve({
      identity: handmadeServer(early),
      chain: [early],
      code: 'CERT_NOT_YET_VALID',
      stage: 'chain',
      message: /the intermediate certificate "CN=Intermediate" is valid only from/,
      node: 'CERT_NOT_YET_VALID',
    });
  },
  'the CA renewed with another key identifier': () => {
    const renewed = handmade({
      commonName: 'Root',
      key: root.privateKey,
      ca: true,
      keyUsage: ['keyCertSign', 'cRLSign'],
      withoutKeyIds: true,
      extra: [der.sequence(der.oid('2.5.29.14'), der.octetString(der.octetString(Buffer.alloc(20, 5))))],
    });
    return Promise.resolve({
      identity: good,
      material: trusting(renewed),
      code: 'CERT_ISSUER_UNKNOWN',
      stage: 'chain',
      message: /"CN=localhost" names the key [0-9A-F]{40} as its issuer's, "CN=Root" has (05){20}/,
      fix: /renewed with other identifiers/,
    });
  },
  'self-signed leaf': {
    identity: handmadeServer(undefined),
    code: 'CERT_SELF_SIGNED',
    stage: 'chain',
    node: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  },
  'self-signed leaf that is itself trusted': () => {
    const own = handmadeServer(undefined);
    return Promise.resolve({ identity: own, material: trusting(own), code: null, stage: 'done', node: null });
  },
  'unknown CA, only the leaf is sent': {
    identity: handmadeServer(otherRoot),
    code: 'CERT_ISSUER_UNKNOWN',
    stage: 'chain',
    message: /comes from "CN=Other", trusted is "CN=Root"/,
    node: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  },
  'unknown CA, the root is sent': {
    identity: handmadeServer(otherRoot),
    chain: [otherRoot],
    code: 'CERT_ISSUER_UNKNOWN',
    stage: 'chain',
    node: 'SELF_SIGNED_CERT_IN_CHAIN',
  },
  'a private CA is asked for, public roots are trusted': {
    identity: good,
    material: { trust: { kind: 'system' } },
    code: 'CERT_ISSUER_UNKNOWN',
    stage: 'chain',
    message: /Node's public root certificates/,
  },
  'missing intermediate, by its name': {
    identity: below,
    code: 'CERT_CHAIN_INCOMPLETE',
    stage: 'chain',
    message: /does not send the intermediate certificate "CN=Intermediate"/,
    node: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  },
  'missing intermediate that we know': () => {
    const plainName = handmadeIntermediate(root, { commonName: 'ca' });
    return Promise.resolve({
      identity: handmadeServer(plainName),
      options: { knownIntermediates: [plainName.certificate] },
      code: 'CERT_CHAIN_INCOMPLETE',
      stage: 'chain',
    });
  },
  'missing intermediate of the same organization': () => {
    const hono = handmadeRoot({ commonName: 'root', organization: 'Eclipse IoT' });
    const ca = handmadeIntermediate(hono, { commonName: 'ca', organization: 'Eclipse IoT' });
    return Promise.resolve({
      identity: handmadeServer(ca),
      material: trusting(hono),
      code: 'CERT_CHAIN_INCOMPLETE',
      stage: 'chain',
    });
  },
  'CA made anew under the same name, with key ids': {
    identity: good,
    material: trusting(rootMadeAnew),
    code: 'CERT_ISSUER_REPLACED',
    stage: 'chain',
    message: /a CA called "CN=Root"/,
  },
  'CA made anew under the same name, without key ids': () => {
    const before = handmadeRoot({ withoutKeyIds: true });
    return Promise.resolve({
      identity: handmadeServer(before, { withoutKeyIds: true }),
      material: trusting(handmadeRoot({ withoutKeyIds: true })),
      code: 'CERT_ISSUER_REPLACED',
      stage: 'chain',
      node: 'CERT_SIGNATURE_FAILURE',
    });
  },
  'CA made anew, the old root is sent': {
    identity: good,
    chain: [root],
    material: trusting(rootMadeAnew),
    code: 'CERT_ISSUER_REPLACED',
    stage: 'chain',
  },
  'an intermediate of another day is sent': () => {
    const renewed = handmadeIntermediate(root);
    return Promise.resolve({ identity: below, chain: [renewed], code: 'CERT_ISSUER_REPLACED', stage: 'chain' });
  },
  'only the intermediate is trusted': {
    identity: below,
    chain: [intermediate],
    material: trusting(intermediate),
    code: 'CERT_ANCHOR_INCOMPLETE',
    stage: 'chain',
    message: /only the intermediate "CN=Intermediate" is trusted, not the root "CN=Root"/,
    node: 'UNABLE_TO_GET_ISSUER_CERT',
  },
  'client certificate used as server': {
    identity: handmadeServer(root, { extendedKeyUsage: ['clientAuth'] }),
    code: 'CERT_PURPOSE',
    stage: 'chain',
    message: /is for clientAuth, not for a server/,
    node: 'INVALID_PURPOSE',
  },
  'issuer is no CA': () => {
    const noCa = handmadeServer(root, { commonName: 'device' });
    return Promise.resolve({ identity: handmadeServer(noCa), chain: [noCa], code: 'CERT_NOT_A_CA', stage: 'chain' });
  },
  'issuer may not sign certificates': () => {
    const limited = handmadeIntermediate(root, { keyUsage: ['digitalSignature'] });
    return Promise.resolve({
      identity: handmadeServer(limited),
      chain: [limited],
      code: 'CERT_NOT_A_CA',
      stage: 'chain',
    });
  },
  'path length exceeded': () => {
    const short = handmadeRoot({ pathLength: 0 });
    const under = handmadeIntermediate(short);
    return Promise.resolve({
      identity: handmadeServer(under),
      chain: [under],
      material: trusting(short),
      code: 'CERT_CONSTRAINT',
      stage: 'chain',
      node: 'PATH_LENGTH_EXCEEDED',
    });
  },
  'name constraints violated': () => {
    const permitted = [{ type: 'dns' as const, value: 'plant.example' }];
    const constrained = handmadeRoot({ nameConstraints: { permitted, excluded: [] } });
    return Promise.resolve({
      identity: handmadeServer(constrained, { names: ['dns:localhost'] }),
      material: trusting(constrained),
      code: 'CERT_CONSTRAINT',
      stage: 'chain',
    });
  },
  'unknown critical extension': {
    identity: handmadeServer(root, { extra: [unknownCritical] }),
    code: 'CERT_CONSTRAINT',
    stage: 'chain',
    message: /unknown critical extension \(1\.2\.3\.4\.5\)/,
  },
  'Netscape type of a client': {
    identity: handmadeServer(root, {
      keyUsage: undefined,
      extendedKeyUsage: undefined,
      extra: [der.sequence(der.oid('2.16.840.1.113730.1.1'), der.octetString(der.namedBits([0])))],
    }),
    code: 'CERT_PURPOSE',
    stage: 'chain',
    node: 'INVALID_PURPOSE',
  },
  'an intermediate for clients only': () => {
    const limited = handmadeIntermediate(root, { extendedKeyUsage: ['clientAuth'] });
    return Promise.resolve({
      identity: handmadeServer(limited),
      chain: [limited],
      code: 'CERT_PURPOSE',
      stage: 'chain',
      node: 'INVALID_PURPOSE',
    });
  },
  'unknown critical extension of the intermediate': () => {
    const odd = handmadeIntermediate(root, { extra: [unknownCritical] });
    return Promise.resolve({ identity: handmadeServer(odd), chain: [odd], code: 'CERT_CONSTRAINT', stage: 'chain' });
  },
  'name excluded by the intermediate': () => {
    const excluded = [{ type: 'dns' as const, value: 'localhost' }];
    const limited = handmadeIntermediate(root, { nameConstraints: { permitted: [], excluded } });
    return Promise.resolve({
      identity: handmadeServer(limited),
      chain: [limited],
      code: 'CERT_CONSTRAINT',
      stage: 'chain',
      message: /names are outside those the CA may issue/,
    });
  },
  'path length of the intermediate exceeded': () => {
    const short = handmadeIntermediate(root, { pathLength: 0 });
    const under = handmadeIntermediate(short, { commonName: 'Lower' });
    return Promise.resolve({
      identity: handmadeServer(under),
      chain: [under, short],
      code: 'CERT_CONSTRAINT',
      stage: 'chain',
      message: /more CAs below "CN=Intermediate" than its path length 0 allows/,
      node: 'PATH_LENGTH_EXCEEDED',
    });
  },
  'only the leaf is trusted': {
    identity: good,
    material: { trust: { kind: 'anchors', pem: good.pem, label: 'the CA file' } },
    code: 'CERT_ANCHOR_INCOMPLETE',
    stage: 'chain',
  },
  'a wildcard for another depth': {
    identity: handmadeServer(root, { names: ['dns:*.example.com'] }),
    material: { ...trusting(root), servername: 'a.b.example.com' },
    code: 'CERT_NAME_MISMATCH',
    stage: 'identity',
    message: /not for "a\.b\.example\.com"; its names are dns:\*\.example\.com/,
  },
  'another address': {
    identity: handmadeServer(root, { names: ['ip:192.0.2.1'] }),
    target: '127.0.0.1',
    code: 'CERT_NAME_MISMATCH',
    stage: 'identity',
    message: /not for "127\.0\.0\.1"; its names are ip:192\.0\.2\.1/,
  },
  'no name at all': {
    identity: handmadeServer(root, { names: [], commonName: 'mosquitto' }),
    code: 'CERT_NAME_MISMATCH',
    stage: 'identity',
    message: /its names are none, only the common name "mosquitto"/,
  },
  'RSA-768': {
    identity: handmadeServer(root, { key: rsaKey(768), keyUsage: ['digitalSignature', 'keyEncipherment'] }),
    server: { ciphers: 'DEFAULT@SECLEVEL=0' },
    code: 'CERT_WEAK',
    stage: 'chain',
    message: /an RSA key of 768 bits/,
  },
  'signed with SHA-1': () => {
    const ca = handmadeRoot({ key: rsaKey(2048) });
    return Promise.resolve({
      identity: handmadeServer(ca, { hash: 'sha1' }),
      material: trusting(ca),
      server: { ciphers: 'DEFAULT@SECLEVEL=0' },
      code: 'CERT_WEAK',
      stage: 'chain',
      message: /RSA with SHA-1/,
    });
  },
  'another host name': {
    identity: handmadeServer(root, { names: ['dns:broker.example', 'dns:mosquitto', 'ip:192.0.2.1'] }),
    code: 'CERT_NAME_MISMATCH',
    stage: 'identity',
    message: /not for "localhost"; its names are dns:broker\.example, dns:mosquitto, ip:192\.0\.2\.1/,
    fix: /Connect to broker\.example/,
    node: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
  'connected by address, only names inside': {
    identity: handmadeServer(root, { names: ['dns:localhost'] }),
    target: '127.0.0.1',
    code: 'CERT_NAME_MISMATCH',
    stage: 'identity',
    fix: /connect by address, the certificate holds only names: connect to localhost/i,
  },
  'address as DNS name': {
    identity: handmadeServer(root, { names: [], extra: [addressAsDnsName()] }),
    target: '127.0.0.1',
    code: 'CERT_NAME_MISMATCH',
    stage: 'identity',
    fix: /stands in the certificate as a DNS name/,
  },
  'name not verified when switched off': {
    identity: handmadeServer(root, { names: ['dns:broker.example'] }),
    material: { ...trusting(root), verifyHostname: false },
    code: null,
    stage: 'done',
    node: 'ERR_TLS_CERT_ALTNAME_INVALID',
    check: ({ verdicts }) => assert.equal(verdicts.name.ok, false),
  },
  'server name apart from the address': {
    identity: handmadeServer(root, { names: ['dns:my-hono.eclipse.org'] }),
    target: '127.0.0.1',
    material: { ...trusting(root), servername: 'my-hono.eclipse.org' },
    code: null,
    stage: 'done',
    node: null,
  },
  'IPv4 address in the certificate': { identity: good, target: '127.0.0.1', code: null, stage: 'done', node: null },
  'common name only': {
    identity: handmadeServer(root, { names: [] }),
    code: null,
    stage: 'done',
    node: null,
    check: (report) => {
      assert.equal(report.severity, 'warning');
      assert.equal(report.warnings[0]?.code, 'CERT_NO_SAN');
      assert.equal(report.verdicts.strict.ok, false);
    },
  },
  'pin matches': async () => ({
    identity: good,
    material: { ...trusting(root), pins: parsePins(`cert:${good.certificate.fingerprint256}`) },
    code: null,
    stage: 'done',
  }),
  'pin does not match': {
    identity: good,
    material: { ...trusting(root), pins: parsePins(`cert:${'00'.repeat(32)}`) },
    code: 'CERT_PIN_MISMATCH',
    stage: 'identity',
    message: /has cert:[0-9a-f]{64} and spki:.*, pinned is cert:0{64}/,
  },
  'pin does not match, nothing else verified': {
    identity: handmadeServer(otherRoot),
    material: { ...trusting(root), verifyServer: false, pins: parsePins(`cert:${'00'.repeat(32)}`) },
    code: 'CERT_PIN_MISMATCH',
    stage: 'identity',
  },
  'unknown CA, not verified': {
    identity: handmadeServer(otherRoot),
    material: { ...trusting(root), verifyServer: false },
    code: null,
    stage: 'done',
    node: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    check: ({ severity, warnings }) => {
      assert.equal(severity, 'warning');
      assert.equal(warnings[0]?.code, 'CERT_ISSUER_UNKNOWN');
    },
  },
  revoked: async () => ({
    identity: good,
    material: { ...trusting(root), crlPem: [await crl([good.certificate.serialNumber])] },
    code: 'CERT_REVOKED',
    stage: 'chain',
    node: null,
  }),
  'not revoked': async () => ({
    identity: good,
    material: { ...trusting(root), crlPem: [await crl(['01'])] },
    code: null,
    stage: 'done',
    check: ({ verdicts }) => assert.equal(verdicts.revocation.ok, true),
  }),
  'revocation list too old': async () => ({
    identity: good,
    material: { ...trusting(root), crlPem: [await crl([], { thisUpdate: inDays(-30), nextUpdate: inDays(-2) })] },
    code: 'CRL_EXPIRED',
    stage: 'chain',
  }),
  'revocation list of another CA': async () => ({
    identity: good,
    material: { ...trusting(root), crlPem: [await crl([], {}, otherRoot)] },
    code: 'CRL_ABSENT',
    stage: 'chain',
  }),
  'RSA-1024': {
    identity: handmadeServer(root, { key: rsaKey(1024), keyUsage: ['digitalSignature', 'keyEncipherment'] }),
    code: null,
    stage: 'done',
    options: {},
    check: ({ severity, warnings }) => {
      assert.equal(severity, 'warning');
      assert.equal(warnings[0]?.code, 'CERT_WEAK');
    },
  },
  'intermediate revoked': async () => ({
    identity: below,
    chain: [intermediate],
    material: {
      ...trusting(root),
      crlPem: [await crl([intermediate.certificate.serialNumber]), await crl([], {}, intermediate)],
    },
    code: 'CERT_REVOKED',
    stage: 'chain',
    message: /"CN=Intermediate" \(serial [0-9A-F]+\) was revoked on/,
  }),
  'no revocation list of the intermediate': async () => ({
    identity: below,
    chain: [intermediate],
    material: { ...trusting(root), crlPem: [await crl([])] },
    code: 'CRL_ABSENT',
    stage: 'chain',
    message: /no revocation list of "CN=Intermediate"/,
  }),
  'ends within ten percent of its lifetime': {
    identity: handmadeServer(root, { notBefore: inDays(-95), notAfter: inDays(5) }),
    code: null,
    stage: 'done',
    check: (report) => {
      assert.equal(report.severity, 'critical');
      assert.equal(report.ok, false);
      assert.equal(report.verdicts.expiry.code, 'CERT_EXPIRES_SOON');
      assert.match(report.message, /expires in 4 days|expires in 5 days/);
    },
  },
  'ends within a third of its lifetime': {
    identity: handmadeServer(root, { notBefore: inDays(-80), notAfter: inDays(20) }),
    code: null,
    stage: 'done',
    check: ({ severity, ok }) => assert.deepEqual([severity, ok], ['warning', true]),
  },
};

function addressAsDnsName(): Buffer {
  const san = der.sequence(der.implicit(2, Buffer.from('127.0.0.1')));
  return der.sequence(der.oid('2.5.29.17'), der.octetString(san));
}

describe('diagnosis of what is wrong with a server', function () {
  afterEach(closeConnections);
  afterEach(closeServers);

  for (const [name, row] of Object.entries(SITUATIONS)) {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(`${name}, ${version}`, async () => {
        const situation = typeof row === 'function' ? await row() : row;
        const report = await runSituation(situation, { minVersion: version, maxVersion: version, ...situation.server });
        assert.equal(report.code, situation.code, `${report.message}; evidence ${JSON.stringify(report.evidence)}`);
        assert.equal(report.stage, situation.stage);
        if (situation.message) assert.match(report.message, situation.message);
        if (situation.fix) assert.match(report.fix, situation.fix);
        if (situation.node !== undefined) assert.equal(report.verdicts.node.code, situation.node);
        if (situation.code) assert.notEqual(report.fix, '', 'every finding says how to mend it');
        situation.check?.(report);
        assert.equal(report.tls?.version, version);
        const sent = [situation.identity, ...(situation.chain ?? [])].map(
          ({ certificate }) => certificate.fingerprint256,
        );
        assert.deepEqual(
          report.chainSent.map((item) => ('fingerprint256' in item ? item.fingerprint256 : item.problem)),
          sent,
          'the chain exactly as sent',
        );
      });
    }
  }
});

async function runSituation(situation: Situation, tlsOptions: TlsOptions): Promise<ProbeReport> {
  let connects = 0;
  const server = await startTlsServer({
    identity: situation.identity,
    chain: situation.chain,
    conversation: mqttConversation(0, () => (connects += 1)),
    ...tlsOptions,
  });
  const report = await probe(`mqtts://${situation.target ?? 'localhost'}:${server.port}`, {
    family: 4,
    material: situation.material ?? trusting(root),
    username: 'canary-user',
    secretPassword: 'canary-password',
    ...situation.options,
  });
  assert.equal(connects, report.stage === 'done' ? 1 : 0, 'CONNECT goes only to a server that passed');
  if (report.stage !== 'done') assert.equal(server.received().length, 0, 'no application byte on a refusal');
  assert.doesNotMatch(JSON.stringify(report), /canary-password|PRIVATE KEY/);
  if (report.code) await sayTheSame(situation, server, report);
  return report;
}

/** A connection of the broker node, refused by the same server, gives the same code and the same advice. */
async function sayTheSame(situation: Situation, { port }: TestServer, report: ProbeReport): Promise<void> {
  const { options, material = trusting(root), target: host = 'localhost' } = situation;
  const known = options?.knownIntermediates !== undefined;
  const { code, hint } = await failureOf(testConnection({ host, port, material: () => material }));
  // The broker node does not know intermediates that only the CA of a probe knows.
  if (!known) assert.deepEqual([code, hint], [report.code, report.fix], 'by the connection');
}
