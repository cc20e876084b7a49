import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Flows, type NodeModule } from '../support/flows';
import { reports, shows } from '../support/mqtt-flow';

const FOLDER = path.join(__dirname, '../../nodes');
const TYPES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.editor.ts'))
  .map((file) => path.basename(file, '.ts'));
const CONFIG_NODES = ['tls-ca', 'secure-mqtt-broker-config'];

describe('a node whose settings this package does not know', () => {
  let flows: Flows;
  afterEach(() => flows.stop());

  for (const type of TYPES) {
    for (const [version, code, words] of [
      [99, 'INPUT_CONFIG_VERSION', /newer version/],
      ['banana', 'INPUT_CONFIG', /version/],
    ] as const) {
      it(`${type}, version ${version}: ${code}, at deploy or with the first message`, async () => {
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- found by its name
        const module = require(path.join(FOLDER, type)) as NodeModule;
        const place = CONFIG_NODES.includes(type) ? {} : { z: 'tab', x: 1, y: 1, wires: [[]] };
        flows = await Flows.start(
          [module],
          [
            { id: 'tab', type: 'tab' },
            { id: 'it', type, version, ...place },
          ],
        );
        const node = flows.node('it');
        const error = reports(node);
        node.receive({ payload: 'x' } as never);
        assert.equal((await error).code, code);
        if (!CONFIG_NODES.includes(type)) assert.equal((await shows(node, words)).fill, 'red');
      });
    }
  }
});
