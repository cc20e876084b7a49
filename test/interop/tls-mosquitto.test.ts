import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createRevocationList } from '../../src/pki/revocation-list';
import { probe, type ProbeOptions } from '../../src/tls/probe';
import { inDays } from '../support/certificates';
import {
  handmadeClient,
  handmadeIntermediate,
  handmadeRoot,
  handmadeServer,
  identityOf,
  trusting,
  type HandmadeCertificate,
} from '../support/certificates-fixture';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';

const root = handmadeRoot();
const intermediate = handmadeIntermediate(root);
const server = handmadeServer(root);
const client = handmadeClient(root);
const revoked = handmadeClient(root, { commonName: 'lost' });
const foreign = handmadeClient(handmadeRoot({ commonName: 'Other' }));
const expired = handmadeClient(root, { notBefore: inDays(-30), notAfter: inDays(-3) });
const wrongPurpose = handmadeClient(root, { extendedKeyUsage: ['serverAuth'] });
const below = handmadeServer(intermediate);

async function revocationList(nextUpdate: Date): Promise<string> {
  const { pem } = await createRevocationList({
    issuer: root,
    number: 1,
    thisUpdate: inDays(-30),
    nextUpdate,
    revoked: [{ serialNumber: revoked.certificate.serialNumber, revokedAt: inDays(-1), reason: 'keyCompromise' }],
  });
  return pem;
}

interface Row {
  /** Lines of the listener beside certificates. */
  lines?: string[];
  own?: HandmadeCertificate;
  identity?: HandmadeCertificate;
  options?: Partial<ProbeOptions>;
  staleList?: boolean;
  code: string | null;
  stage: string;
  alert?: number;
  message?: RegExp;
  fix?: RegExp;
}

const MUTUAL = ['cafile ca.pem', 'require_certificate true', 'use_identity_as_username true', 'crlfile crl.pem'];

const ROWS: Record<string, Row> = {
  'TLS without client certificates': { lines: ['allow_anonymous true'], code: null, stage: 'done' },
  'a client certificate of its CA': { lines: MUTUAL, identity: client, code: null, stage: 'done' },
  'no client certificate': {
    lines: MUTUAL,
    code: 'TLS_CLIENT_CERT_REQUIRED',
    stage: 'clientAuth',
    alert: 116,
  },
  'a client certificate of another CA': {
    lines: MUTUAL,
    identity: foreign,
    code: 'TLS_CLIENT_CERT_UNKNOWN_CA',
    stage: 'clientAuth',
    alert: 48,
    message: /does not trust "CN=Other", which issued the client certificate "CN=dev01"/,
  },
  'an expired client certificate': {
    lines: MUTUAL,
    identity: expired,
    code: 'TLS_CLIENT_CERT_EXPIRED',
    stage: 'clientAuth',
    alert: 45,
    fix: /Renew the client certificate/,
  },
  'its own revocation list is too old': {
    lines: MUTUAL,
    identity: client,
    staleList: true,
    code: 'TLS_CLIENT_CERT_EXPIRED',
    stage: 'clientAuth',
    alert: 45,
    message: /although it is valid until/,
    fix: /revocation list \(crlfile\) of the server is past its next update/,
  },
  'a revoked client certificate': {
    lines: MUTUAL,
    identity: revoked,
    code: 'TLS_CLIENT_CERT_REVOKED',
    stage: 'clientAuth',
    alert: 44,
  },
  'a server certificate as client': {
    lines: MUTUAL,
    identity: wrongPurpose,
    code: 'TLS_CLIENT_CERT_PURPOSE',
    stage: 'clientAuth',
    alert: 43,
  },
  'certificates are fine, MQTT is not allowed': {
    lines: ['allow_anonymous false'],
    code: 'MQTT_REFUSED',
    stage: 'mqtt',
    message: /TLS is fine/,
  },
  'the same with MQTT 5': {
    lines: ['allow_anonymous false'],
    options: { protocolVersion: 5 },
    code: 'MQTT_REFUSED',
    stage: 'mqtt',
  },
  'the missing intermediate is hidden by its cafile': {
    // Mosquitto completes its own chain from cafile (measured), so nothing is missing on the wire.
    own: below,
    lines: ['allow_anonymous true', 'cafile all.pem'],
    code: null,
    stage: 'done',
  },
  'the intermediate is missing': {
    own: below,
    lines: ['allow_anonymous true'],
    code: 'CERT_CHAIN_INCOMPLETE',
    stage: 'chain',
  },
};

describe('diagnosis against a real Mosquitto', function () {
  let folder: string;
  let broker: RunningMosquitto | undefined;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'secure-mqtt-mosquitto-'));
    const write = (name: string, content: string) =>
      fs.writeFileSync(path.join(folder, name), content, { mode: 0o600 });
    write('ca.pem', root.pem);
    write('all.pem', root.pem + intermediate.pem);
    write('crl-current.pem', await revocationList(inDays(30)));
    write('crl-old.pem', await revocationList(inDays(-2)));
    for (const [name, own] of Object.entries({ server, below })) {
      write(`${name}.pem`, own.pem);
      write(`${name}.key`, own.keyPem);
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(async () => {
    await broker?.stop();
    broker = undefined;
  });

  function listener(row: Row): (port: number) => string[] {
    const name = row.own === below ? 'below' : 'server';
    fs.copyFileSync(path.join(folder, row.staleList ? 'crl-old.pem' : 'crl-current.pem'), path.join(folder, 'crl.pem'));
    return (port) => [
      `listener ${port} 127.0.0.1`,
      `certfile ${name}.pem`,
      `keyfile ${name}.key`,
      ...(row.lines ?? []),
    ];
  }

  for (const [name, row] of Object.entries(ROWS)) {
    it(name, async () => {
      broker = await startMosquitto({ folder, configuration: listener(row) });
      const report = await probe(`mqtts://localhost:${broker.port}`, {
        family: 4,
        material: { ...trusting(root), ...(row.identity ? { identity: identityOf(row.identity) } : {}) },
        ...row.options,
      });
      assert.equal(report.code, row.code, `${report.message}; ${JSON.stringify(report.evidence)}\n${broker.log()}`);
      assert.equal(report.stage, row.stage);
      if (row.alert) assert.equal(report.evidence.alert, row.alert);
      if (row.message) assert.match(report.message, row.message);
      if (row.fix) assert.match(report.fix, row.fix);
      assert.equal(report.clientAuth.requested, row.lines === MUTUAL);
    });
  }

  it('plain port', async () => {
    broker = await startMosquitto({
      folder,
      configuration: (port) => [`listener ${port} 127.0.0.1`, 'allow_anonymous true'],
    });
    const report = await probe(`127.0.0.1:${broker.port}`, { material: trusting(root) });
    assert.equal(report.code, 'TLS_PLAIN_MQTT');
  });

  it('certificate and key do not belong together after SIGHUP', async () => {
    const row: Row = { lines: ['allow_anonymous true'], code: null, stage: 'done' };
    broker = await startMosquitto({ folder, configuration: listener(row) });
    const certificate = path.join(folder, 'server.pem');
    const own = fs.readFileSync(certificate);
    try {
      fs.writeFileSync(certificate, below.pem);
      broker.reload();
      await broker.waitForLog(/Unable to load server (key|certificate)|Reloading config/i);
      const report = await probe(`127.0.0.1:${broker.port}`, { material: trusting(root) });
      assert.equal(report.code, 'TLS_NO_SHARED_CIPHER', report.message);
      assert.match(report.fix, /certificate and the key of the broker do not belong together/);
    } finally {
      fs.writeFileSync(certificate, own);
    }
  });
});
