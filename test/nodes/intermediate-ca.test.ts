import assert from 'node:assert/strict';
import secureMqttServer = require('../../nodes/secure-mqtt-server');
import tlsCa = require('../../nodes/tls-ca');
import tlsProbe = require('../../nodes/tls-probe');
import { SECURE_MQTT_SERVER_DEFAULTS } from '../../src/model/config/secure-mqtt-server';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_PROBE_DEFAULTS } from '../../src/model/config/tls-probe';
import type { ProbeReport } from '../../src/tls/probe-report';
import { Flows } from '../support/flows';
import { freePort } from '../support/free-port';

/** A CA brings its own revocation list; the CAs above and below it have lists of their own, which are not at hand. */
describe('a broker below an intermediate CA', () => {
  let flows: Flows;
  afterEach(() => flows.stop());

  for (const [trusted, what] of [
    ['root-ca', 'the root'],
    ['line-ca', 'the intermediate'],
  ] as const) {
    it(`is accepted by whoever trusts ${what}`, async () => {
      const port = await freePort();
      flows = await Flows.start(
        [tlsCa, secureMqttServer, tlsProbe],
        [
          { id: 'tab', type: 'tab' },
          { id: 'root-ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Root' },
          { id: 'line-ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Line', issuer: 'root-ca' },
          {
            id: 'server-node',
            type: 'secure-mqtt-server',
            ...SECURE_MQTT_SERVER_DEFAULTS,
            ...{ ca: 'line-ca', port, z: 'tab', x: 1, y: 1, wires: [[]] },
          },
          {
            id: 'probe-node',
            type: 'tls-probe',
            ...TLS_PROBE_DEFAULTS,
            ...{ ca: trusted, target: `localhost:${port}`, z: 'tab', x: 1, y: 1, wires: [['out-node']] },
          },
          { id: 'out-node', type: 'helper', z: 'tab', x: 1, y: 1 },
        ],
      );
      const { payload } = await flows.send('probe-node', { payload: '' }, 'out-node');
      const report = payload as ProbeReport;
      // The probe shows no certificate: being asked for one is as far as it gets, past chain, name and revocation.
      assert.equal(report.code, 'TLS_CLIENT_CERT_REQUIRED', report.message);
      assert.equal(report.verdicts?.node.ok, true);
      assert.equal(report.chainSent?.length, 2, 'leaf and intermediate are sent, the root is not');
    });
  }
});
