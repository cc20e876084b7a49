import assert from 'node:assert/strict';
import { Comms } from '../support/comms';
import { idOf, onFreePorts, type FlowNode } from '../support/example-flow';
import { NodeRedProcess, type NodeRedVersion } from '../support/node-red-process';
import { assertNoSecretSeen, LOG_EVERYTHING } from '../support/secret-search';

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`examples of the probe in Node-RED ${version}, each alone and at its first run`, function () {
    this.timeout(180_000);
    let nodeRed: NodeRedProcess;
    let comms: Comms;
    let flow: FlowNode[];

    const run = async (flows: FlowNode[]) => {
      flow = flows;
      nodeRed = await NodeRedProcess.start({ version, flows, settings: LOG_EVERYTHING });
      comms = await Comms.connect(nodeRed.url);
    };
    afterEach(async () => {
      await assertNoSecretSeen({ nodeRed, comms });
      comms.close();
      await nodeRed.stop();
    });

    const press = async (name: string) => {
      const { status } = await fetch(`${nodeRed.url}inject/${idOf(flow, name)}`, { method: 'POST' });
      assert.equal(status, 200, 'the button was pressed');
    };
    const said = (name: string) =>
      comms.debug.filter(({ id }) => id === idOf(flow, name)).map(({ msg }) => String(msg));
    const noErrors = () => assert.deepEqual(said('error'), []);

    it('13 tells what expires, by severity, and tells it once', async () => {
      await run(await onFreePorts('13', [8891, 8892, 8899]));
      await comms.message(idOf(flow, 'act now'));
      await comms.message(idOf(flow, 'renew soon'));
      await comms.message(idOf(flow, 'good'));
      assert.match(said('good').join(), /^mqtts:\/\/localhost:\d+: all is well/);
      assert.match(said('renew soon').join(), /expires in (19|20) days.*Renew it now/);
      assert.match(said('act now').join(), /nothing listens on port/);
      const told = comms.debug.length;
      comms.statuses.clear();
      await press('look now');
      await comms.status(idOf(flow, 'the servers'), /^1\/2: /);
      await comms.status(idOf(flow, 'servers of another CA'), /expires soon/);
      assert.equal(comms.debug.length, told, 'nothing has changed, nothing is told');
      noErrors();
    });

    const GALLERY: [button: string, reason: RegExp][] = [
      ['nothing listens on the port', /^NET_REFUSED: /],
      ['the name does not exist', /^NET_DNS: /],
      ['a web port', /^TLS_NOT_TLS: .* speaks HTTP/],
      ['the unencrypted MQTT port', /^TLS_PLAIN_MQTT: /],
      ['a server of another CA', /^CERT_ISSUER_UNKNOWN: .*Somebody else/],
      ['the certificate is for another name', /^CERT_NAME_MISMATCH: .*plant\.example/],
      ['no client certificate', /^TLS_CLIENT_CERT_REQUIRED: /],
      ['all is well', /^all is well/],
    ];
    it('14 names the reason behind every button', async () => {
      await run(await onFreePorts('14', [8901, 8902, 8904, 8905, 8909]));
      for (const [index, [button, reason]] of GALLERY.entries()) {
        await press(button);
        const text = await comms.until(`"${button}" is explained`, () => said('the reason')[index]);
        assert.match(text, reason, button);
      }
      noErrors();
    });

    it('15 asks one address for every name', async () => {
      await run(await onFreePorts('15', [8911]));
      await comms.until('all names are judged', () => said('another one').length === 1);
      const right = said('the right certificate');
      assert.deepEqual(
        right.map((text) => text.split(':')[0]),
        ['north.example', 'south.example'],
      );
      assert.notEqual(right[0]?.split(' ')[2], right[1]?.split(' ')[2], 'two certificates');
      assert.match(
        said('another one').join(),
        /^west\.example: the certificate is not for "west\.example".*north\.example/,
      );
      noErrors();
    });
  });
}
