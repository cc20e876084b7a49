import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { planExport } from '../../src/export/layouts';
import { startExportedBroker, type ExportedBroker } from '../support/exported-broker';
import { Flows, type NodeModule } from '../support/flows';
import { freePort } from '../support/free-port';
import { shows } from '../support/mqtt-flow';
import { SampleAuthority } from '../support/sample-export';
import { temporaryFolder } from '../support/temporary-folder';

const load = createRequire(__filename);
const network = path.join(path.dirname(load.resolve('@node-red/nodes/package.json')), 'core/network');
const core = (file: string): NodeModule => load(path.join(network, file)) as NodeModule;

describe('node-red layout', () => {
  let broker: ExportedBroker | undefined;
  let flows: Flows | undefined;
  afterEach(async () => {
    await flows?.stop();
    await broker?.stop();
    flows = broker = undefined;
  });

  it('the flow makes the core nodes talk to a broker that asks for certificates', async () => {
    const sample = await SampleAuthority.create({ intermediate: true });
    const port = await freePort();
    const folder = temporaryFolder();
    const beside = temporaryFolder();
    const certificates = [await sample.server(), await sample.issue('client', 'node-red')];
    const input = (to: string, settings: object) =>
      sample.input(certificates, { brokerHost: 'localhost', brokerPort: port, ...settings }, { folder: to });
    for (const { name, content } of (await planExport('mosquitto', input(beside, { targetDir: beside }))).files) {
      writeFileSync(path.join(beside, name), content);
    }
    const { files } = await planExport('node-red', input(folder, {}));
    for (const { name, content } of files) writeFileSync(path.join(folder, name), content);
    broker = await startExportedBroker(beside);

    const nodes = JSON.parse(files.find(({ name }) => name === 'flow.json')?.content.toString() ?? '[]') as { id: string; type: string }[]; // prettier-ignore
    const own = nodes.find(({ type }) => type === 'mqtt-broker')?.id;
    const place = { z: 'tab', x: 1, y: 1 };
    flows = await Flows.start(
      [core('05-tls.js'), core('10-mqtt.js')],
      [
        { id: 'tab', type: 'tab' },
        ...nodes,
        { id: 'subscribed', type: 'mqtt in', topic: 'a', qos: '1', datatype: 'utf8', broker: own, ...place, wires: [['seen']] }, // prettier-ignore
        { id: 'published', type: 'mqtt out', topic: 'a', qos: '1', retain: 'true', broker: own, ...place, wires: [] },
        { id: 'seen', type: 'helper', ...place },
      ],
    );
    for (const id of ['subscribed', 'published']) await shows(flows.node(id), /(^|\.)connected$/);
    const message = await flows.send('published', { payload: 'hello' }, 'seen');
    assert.equal(message.payload, 'hello');
    assert.match(broker.log(), /New client connected from \S+ as node-red .*u'node-red'/);
  });

  it('always verifies the server, and names files only that are there', async () => {
    const sample = await SampleAuthority.create();
    const folder = path.sep === '/' ? '/somewhere/else' : 'C:\\somewhere\\else';
    for (const certificates of [
      [],
      [await sample.server()],
      [await sample.issue('device', 'dev01'), await sample.issue('device', 'dev02')],
    ]) {
      // prettier-ignore
      const { files } = await planExport('node-red', sample.input(certificates, {}, { folder }));
      const flow = JSON.parse(files.find(({ name }) => name === 'flow.json')?.content.toString() ?? '') as Record<string, string>[]; // prettier-ignore
      const configs = flow.filter(({ type }) => type === 'tls-config');
      assert.equal(configs.length, Math.max(1, certificates.length - (certificates[0]?.profile === 'server' ? 1 : 0)));
      for (const config of configs) {
        assert.equal(config.verifyservercert, true);
        const named = [config.cert, config.key, config.ca].filter((one): one is string => !!one);
        for (const one of named)
          assert.ok(
            files.some(({ name }) => one === `${folder}/${name}`),
            one,
          );
      }
    }
  });
});
