import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Comms } from '../support/comms';
import { exampleFlow, idOf, onPorts, type FlowNode } from '../support/example-flow';
import { freePort } from '../support/free-port';
import { startMosquitto, type RunningMosquitto } from '../support/mosquitto';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';
import { assertNoSecretSeen, LOG_EVERYTHING } from '../support/secret-search';

/** W1-W25 of the workshop. The root's key is written only when a passphrase protects it. */
const DEVICE_FILES = ['_crt.csr', '_crt.der', '_crt.der.h', '_crt.pem', '_key.key', '_key.pem', '_key_nopass.pem'];
const WORKSHOP_FILES = [
  'rootCA_certificate.pem',
  'rootCA_certificate.der',
  'rootCA_certificate.der.h',
  'mqttServer_key.pem',
  'mqttServer_crt.csr',
  'mqttServer_crt.pem',
  'mqttServer_key_nopass.pem',
  'mqttServer_crt.der',
  'mqttServer_crt.der.h',
  ...['SecuredDev01', 'SecuredDev02'].flatMap((device) => DEVICE_FILES.map((ending) => device + ending)),
  'mosquitto.conf',
  'acl.cfg',
];

async function press(nodeRed: NodeRedProcess, id: string): Promise<void> {
  const { status } = await fetch(`${nodeRed.url}inject/${id}`, { method: 'POST' });
  assert.equal(status, 200, 'the button was pressed');
}

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`examples in Node-RED ${version}, each alone and at its first run`, function () {
    this.timeout(180_000);
    let nodeRed: NodeRedProcess;
    let comms: Comms;
    let mosquitto: RunningMosquitto | undefined;

    const run = async (flows: FlowNode[]) => {
      nodeRed = await NodeRedProcess.start({ version, flows, settings: LOG_EVERYTHING });
      comms = await Comms.connect(nodeRed.url);
    };
    afterEach(async () => {
      await assertNoSecretSeen({ nodeRed, comms });
      comms.close();
      await nodeRed.stop();
      await mosquitto?.stop();
      mosquitto = undefined;
    });

    it('01 makes the files of the workshop at the press of one button', async () => {
      const flow = exampleFlow('01');
      await run(flow);
      await comms.status(idOf(flow, 'Workshop CA'), 'keys not encrypted');
      await press(nodeRed, idOf(flow, 'make all certificates'));
      await comms.message(idOf(flow, 'files written'));
      const files = readdirSync(join(nodeRed.userDir, 'workshop-certificates'));
      for (const name of WORKSHOP_FILES) assert.ok(files.includes(name), `${name} is among ${files.join(' ')}`);
      assert.ok(!files.includes('rootCA_key.pem'), 'the key of the CA is never written in clear');
    });

    it('05 talks through the embedded broker, server verified, both with a client certificate', async () => {
      const flow = onPorts(exampleFlow('05'), { 8883: await freePort() });
      const running = flow.filter((node) => node.type !== 'tab' || !node.disabled);
      await run(flow);
      const embedded = running.filter((node) => node.z === running.find(({ type }) => type === 'tab')?.id);
      for (const node of embedded.filter(({ type }) => /^secure-mqtt-(in|out)$/.test(type))) {
        assert.deepEqual(await comms.status(node.id, 'connected'), { fill: 'green', shape: 'dot', text: 'connected' });
      }
      const shown = embedded.find((node) => node.name === 'display of the device');
      assert.match(String(await comms.message(shown!.id)), /^seen [\d.]+ °C$/);
      const error = embedded.find((node) => node.name === 'error');
      assert.deepEqual(
        comms.debug.filter(({ id }) => id === error!.id),
        [],
        'the clients wait while the broker is still making its key',
      );
    });

    it('05 does the same with a real Mosquitto and the files of example 01, unedited but for host, port and folder', async () => {
      const making = exampleFlow('01');
      const port = await freePort();
      const talking = onPorts(exampleFlow('05'), { 8883: port }).map((node) => {
        if (node.type === 'tab') return { ...node, disabled: !node.disabled };
        return node;
      });
      await run([...making, ...talking]);
      await press(nodeRed, idOf(making, 'make all certificates'));
      await comms.message(idOf(making, 'files written'));
      const folder = join(nodeRed.userDir, 'workshop-certificates');
      copyFileSync(join(folder, 'mosquitto.conf'), join(folder, 'as-exported.conf'));
      const configuration = readFileSync(join(folder, 'mosquitto.conf'), 'utf8')
        .replace(/^(port|listener) 8883/m, `$1 ${port}`)
        .replaceAll('/mosquitto/config/cert', folder)
        .replaceAll(/^(persistence_location|log_dest file).*$/gm, '');
      mosquitto = await startMosquitto({ configuration: () => configuration, port, folder });
      const tab = talking.find((node) => node.type === 'tab' && !node.disabled);
      for (const node of talking.filter(({ type, z }) => z === tab?.id && /^secure-mqtt-(in|out)$/.test(type))) {
        await comms.status(node.id, 'connected');
      }
      const shown = talking.find((node) => node.z === tab?.id && node.name === 'display of the device');
      assert.match(String(await comms.message(shown!.id)), /^seen [\d.]+ °C$/);
    });

    it('12 says how many days are left', async () => {
      const flow = onPorts(exampleFlow('12'), { 8884: await freePort() });
      await run(flow);
      // The probe fires by itself, perhaps while the broker is still making its key: it waits for it.
      const good = idOf(flow, 'good');
      const told = await comms.message(good);
      assert.match(String(told), /^39[67] days left, until \d{4}-/);
      assert.equal(comms.statuses.get(idOf(flow, 'how long is it good?'))?.fill, 'green');
      assert.deepEqual(
        comms.debug.filter(({ id }) => id === idOf(flow, 'act now')),
        [],
      );
    });
  });
}
