import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireAuthority } from '../../src/ca/authority-registry';
import type { IssueRequest } from '../../src/ca/issue-request';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import type { TlsMaterialParts } from '../../src/tls/tls-material';
import { asIdentity, makeBrokerCertificates, writeForMosquitto } from '../support/broker-certificates';
import type { KeyedCertificate } from '../support/certificates';
import { closeConnections, Inbox, reached, testConnection } from '../support/connection';
import { coreFlow } from '../support/core-mqtt';
import { freePort } from '../support/free-port';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { nodes } from '../support/mqtt-flow';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';
import { temporaryFolder } from '../support/temporary-folder';
import { authorityOptions, serverRequest } from '../support/test-authority';

const ECHOES = 1_000;
/** Echoes that are waited for at once; Mosquitto takes 20 of QoS 1 from one client. */
const WINDOW = 15;
const subscribed = (client: string) => new RegExp(`Sending SUBACK to ${client}`);

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`the core mqtt nodes of Node-RED ${version}, driven, and a real Mosquitto`, function () {
    this.timeout(90_000);
    let folder: string;
    let ports: { mqtts: number; wss: number };
    let trusted: KeyedCertificate;
    let server: KeyedCertificate;
    let material: TlsMaterialParts;
    let mosquitto: RunningMosquitto;
    let nodeRed: NodeRedProcess;

    before(async () => {
      folder = temporaryFolder();
      ports = { mqtts: await freePort(), wss: await freePort() };
      const { authority, release } = await acquireAuthority(authorityOptions({ userDir: folder }));
      const issue = async (request: IssueRequest): Promise<KeyedCertificate> => {
        const { certificate, secretPrivateKey } = await authority.ensure(request);
        return { certificate, privateKey: secretPrivateKey as KeyedCertificate['privateKey'] };
      };
      server = await issue(serverRequest(['dns:localhost']));
      const tester = await issue({ profile: 'client', subject: { commonName: 'tester' } });
      trusted = { certificate: authority.certificate, privateKey: server.privateKey };
      material = {
        trust: { kind: 'anchors', pem: authority.trustAnchorsPem, label: 'the CA' },
        identity: asIdentity(tester),
      };
      await release();
      mosquitto = await broker(server);
      nodeRed = await NodeRedProcess.start({
        version,
        flows: flow(),
        userDir: folder,
        settings: 'mqttReconnectTime: 300',
      });
    });
    after(async () => {
      await closeConnections();
      await nodeRed?.stop();
      await mosquitto?.stop();
    });

    function broker(certificate: KeyedCertificate): Promise<RunningMosquitto> {
      const mutual = [
        ...writeForMosquitto(folder, trusted, certificate),
        ...['require_certificate true', 'use_identity_as_username true', 'allow_anonymous true'],
      ];
      return startMosquitto({
        port: ports.mqtts,
        folder,
        configuration: (port) => [
          ...['per_listener_settings true', 'max_queued_messages 0'],
          ...[`listener ${port}`, ...mutual, `listener ${ports.wss}`, 'protocol websockets', ...mutual],
        ],
      });
    }

    /** Two core brokers, over TCP and over WebSockets, with an echo behind each; a button that renews. */
    function flow(names: { settings?: string; core?: string } = {}) {
      const tcp = coreFlow({ port: ports.mqtts, core: { name: names.core ?? 'Core' } });
      const wss = coreFlow({
        port: ports.wss,
        core: { broker: `wss://localhost:${ports.wss}/mqtt`, clientid: 'core-client' },
      }).map((node) => JSON.parse(JSON.stringify(node).replaceAll('"core-', '"wss-')) as (typeof tcp)[number]);
      const place = { z: 'tab', x: 1, y: 1 };
      return [
        nodes.tab(),
        { ...nodes.ca(), folder: 'pki/ca' },
        {
          ...nodes.broker({ port: ports.mqtts, coreBrokers: ['core-broker', 'wss-broker'] }),
          name: names.settings ?? '',
        },
        ...[...tcp, ...wss].map((node) => ({ ...node, ...echo(node) })).filter(({ type }) => type !== 'helper'),
        { id: 'press', type: 'inject', ...place, props: [], repeat: '', once: false, wires: [['renew']] },
        {
          ...{ id: 'renew', type: 'tls-issue', ...TLS_ISSUE_DEFAULTS, ca: 'ca', action: 'renew', commonName: 'dev01' },
          ...{ ...place, wires: [[]] },
        },
      ];
    }

    function echo(node: { id: string; type: string }): object {
      const [name] = node.id.split('-');
      if (node.type === 'mqtt in') return { topic: `${name}/in`, datatype: 'utf8', wires: [[`${name}-out`]] };
      return node.type === 'mqtt out' ? { topic: `${name}/out`, qos: '1' } : {};
    }

    async function admin(path: string, body: object, headers: Record<string, string> = {}): Promise<void> {
      const { status } = await fetch(`${nodeRed.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      assert.ok(status < 300, `POST ${path} answered ${status}`);
    }
    const renew = () => admin('inject/press', {});
    const deploy = (type: string, names: Parameters<typeof flow>[0]) =>
      admin('flows', flow(names), { 'Node-RED-Deployment-Type': type });

    const entry = (client: string) => new RegExp(`New client connected from \\S+ as ${client} `);
    const count = (line: RegExp) =>
      mosquitto
        .log()
        .split('\n')
        .filter((each) => line.test(each)).length;
    const arrived = (client: string) => count(entry(client));
    /** Resolves when Mosquitto has let this client in so often. */
    const arrivals = (client: string, count: number) => mosquitto.waitForLines(entry(client), count);

    /** Messages of QoS 1 through both core nodes and back. */
    async function echoes(name: 'core' | 'wss', total: number, meanwhile: () => Promise<void>): Promise<void> {
      const connection = testConnection({ port: ports.mqtts, material: () => material });
      connection.connect();
      await reached(connection, 'connected');
      const inbox = new Inbox();
      await connection.subscribe(`${name}/out`, 'test', { qos: 1 }, inbox.receive);
      const send = (number: number) =>
        connection.publish({ topic: `${name}/in`, payload: String(number), qos: 1, retain: false });
      const rest = meanwhile();
      for (let number = 0; number < total; number += 1) {
        await send(number);
        // Distinct ones: QoS 1 may bring one twice.
        while (number - inbox.distinct.size >= WINDOW) await inbox.next();
      }
      while (inbox.distinct.size < total) await inbox.next();
      await rest;
      await connection.close();
    }

    it('connect with the certificate of the CA, over TCP and WebSockets', async () => {
      // A broker that never saw them keeps nothing for them until they subscribe.
      await mosquitto.waitForLines(subscribed('core-client'), 1);
      await mosquitto.waitForLines(subscribed('wss-client'), 1);
      assert.match(mosquitto.log(), /as core-client \(.*u'dev01'/);
      assert.match(mosquitto.log(), /as wss-client \(.*u'dev01'/);
      await echoes('core', 20, async () => undefined);
      await echoes('wss', 20, async () => undefined);
    });

    it('go on with renewed certificates, and no message of QoS 1 is lost', async () => {
      const before = arrived('core-client');
      await echoes('core', ECHOES, async () => {
        for (let rotation = 1; rotation <= 3; rotation += 1) {
          await renew();
          await arrivals('core-client', before + rotation);
        }
      });
      await arrivals('wss-client', 4);
      await echoes('wss', 20, async () => undefined);
      assert.doesNotMatch(
        mosquitto.log(),
        /core-client (closed its connection|disconnected due)/,
        'each left with DISCONNECT',
      );
    });

    for (const type of ['full', 'flows', 'nodes']) {
      it(`work after a deploy of kind ${type}`, async () => {
        const subscriptions = count(subscribed('core-client'));
        await deploy(type, { settings: `after ${type}`, core: `Core after ${type}` });
        await mosquitto.waitForLines(subscribed('core-client'), subscriptions + 1);
        const before = arrived('core-client');
        await renew();
        await arrivals('core-client', before + 1);
        await echoes('core', 20, async () => undefined);
      });
    }

    it('refuse a server of another CA, say so once, and come back when it is ours again', async () => {
      await mosquitto.stop();
      mosquitto = await broker((await makeBrokerCertificates()).server);
      await nodeRed.logged(/core broker "Core[^"]*": .*(not issued by|issuer|trusted)/);
      assert.equal(arrived('core-client'), 0);
      await mosquitto.stop();
      mosquitto = await broker(server);
      await mosquitto.waitForLines(subscribed('core-client'), 1);
      await echoes('core', 20, async () => undefined);
    });

    it('leave no private key in flows or logs', () => {
      const flows = readFileSync(join(folder, 'flows.json'), 'utf8');
      assert.doesNotMatch(flows + nodeRed.log, /PRIVATE KEY/);
      assert.ok(!nodeRed.log.includes(secretPrivateKeyPem(server.privateKey)));
    });
  });
}
