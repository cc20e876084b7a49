import assert from 'node:assert/strict';
import { Comms } from '../support/comms';
import { idOf, onFreePorts, type FlowNode } from '../support/example-flow';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';
import { assertNoSecretSeen, LOG_EVERYTHING } from '../support/secret-search';

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`the example of the core nodes in Node-RED ${version}, at its first run`, function () {
    this.timeout(90_000);
    let nodeRed: NodeRedProcess;
    let comms: Comms;
    let flow: FlowNode[];

    before(async () => {
      flow = await onFreePorts('06', [8880]);
      nodeRed = await NodeRedProcess.start({ version, flows: flow, settings: LOG_EVERYTHING });
      comms = await Comms.connect(nodeRed.url);
    });
    after(async () => {
      comms?.close();
      await nodeRed?.stop();
    });

    const said = (name: string) =>
      comms.debug.filter(({ id }) => id === idOf(flow, name)).map(({ msg }) => String(msg));

    it('06 connects core nodes with certificates, and they follow a renewal', async () => {
      await comms.status(idOf(flow, 'core mqtt out'), /connected$/);
      await comms.message(idOf(flow, 'core received'));
      await comms.status(idOf(flow, 'our secure mqtt in'), 'connected');
      await comms.status(idOf(flow, 'ours received'), /^\d{4}-/);
      const isCore = (line: string) => line.startsWith('core-nodes is connected as node-red with certificate ');
      await comms.until('the core nodes are in', () => said('who is connected').find(isCore));
      const { status } = await fetch(`${nodeRed.url}inject/${idOf(flow, 'renew the certificate')}`, { method: 'POST' });
      assert.equal(status, 200);
      await comms.message(idOf(flow, 'new certificate'));
      const serialNumber = /certificate (\S+)/.exec(said('new certificate').join())?.[1] as string;
      await comms.until('the core nodes have the new one', () =>
        said('who is connected').find((line) => isCore(line) && line.endsWith(serialNumber)),
      );
      const before = said('core received').length;
      await comms.until('the messages go on', () => said('core received').length > before);
      assert.deepEqual(said('error'), []);
      await assertNoSecretSeen({ nodeRed, comms });
    });
  });
}
