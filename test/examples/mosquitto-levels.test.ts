import assert from 'node:assert/strict';
import { chmodSync, cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onFreePorts } from '../support/example-flow';
import { ExampleSession } from '../support/example-session';
import { startExportedBroker, type ExportedBroker } from '../support/exported-broker';
import type { NodeRedVersion } from '../support/node-red-process';
import { temporaryFolder } from '../support/temporary-folder';

/** Tab, folder, what the nodes show when connected, and as whom Mosquitto knows Node-RED. */
const LEVELS: [tab: string, folder: string, status: RegExp, user: RegExp][] = [
  ['03a not encrypted', '1-plain', /^red dot connected, not encrypted$/, /as node-red \(.*k60\)/],
  ['03b server verified', '2-server', /^green dot connected$/, /as node-red \(.*k60\)/],
  ['03c with passwords', '3-server-password', /^green dot connected$/, /as node-red \(.*u'node-red'\)/],
  ['03d both verified', '4-mutual', /^green dot connected$/, /as node-red \(.*u'node-red'\)/],
];

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`example 03 in Node-RED ${version}, with a real Mosquitto for each level`, function () {
    this.timeout(180_000);
    const machine = temporaryFolder();
    const brokers: ExportedBroker[] = [];
    let session: ExampleSession;

    before(async () => {
      // Mosquitto's own user has to get there.
      chmodSync(machine, 0o755);
      const flow = await onFreePorts('03', [8840, 8841, 8842, 8843]);
      // The one setting a person has to make here: where the broker will see the files.
      const aimed = flow.map((node) => {
        if (node.type !== 'tls-export') return node;
        return { ...node, targetDir: String(node.folder).replace('mosquitto-levels', machine) };
      });
      session = await ExampleSession.start(version, aimed);
    });
    after(async () => {
      await session.stop();
      for (const broker of brokers) await broker.stop();
    });

    it('makes a folder for each level, the one with passwords after they were entered', async () => {
      const files = session.tab('03 Mosquitto: the files');
      await files.press('make certificates and files');
      const folders = await files.lines('files written', 3);
      assert.match(folders.join('\n'), /1-plain: mosquitto\.conf$/m);
      assert.match(folders.join('\n'), /4-mutual: .*node-red\.key\.pem.*mosquitto\.conf$/m);
      assert.deepEqual(files.said('error'), []);

      await files.press('users are entered: make the files');
      await files.says('error', /needs users with passwords/);
      const password = 'of the class room';
      await session.deploy({
        enter: {
          '03c: 3-server-password': { users: `node-red:${password}` },
          '03c Mosquitto, with password': { username: 'node-red', password },
        },
      });
      await files.press('users are entered: make the files');
      await files.says('files written', /3-server-password: .*passwd, acl, mosquitto\.conf$/);
      await files.press('which level is up?');
      const answers = await files.lines('what it says', 4);
      for (const answer of answers) assert.match(answer, /nothing listens on port/);
    });

    it('runs a Mosquitto with each folder as it is, and talks to it', async () => {
      for (const [, folder] of LEVELS) {
        cpSync(join(session.nodeRed.userDir, 'mosquitto-levels', folder), join(machine, folder), { recursive: true });
        brokers.push(await startExportedBroker(join(machine, folder)));
      }
      await session.deploy({ enable: LEVELS.map(([tab]) => tab) });
      for (const [index, [label, folder, status, user]] of LEVELS.entries()) {
        const tab = session.tab(label);
        await tab.shows('Node-RED says', status);
        await tab.shows('Node-RED hears', status);
        assert.match((await tab.lines('came back', 1))[0] ?? '', /^\d{4}-\d\d-\d\dT/, folder);
        assert.match(brokers[index]?.log() ?? '', user, folder);
        assert.deepEqual(tab.said('error'), [], folder);
      }
    });

    it('says what the probe finds on the four ports', async () => {
      const files = session.tab('03 Mosquitto: the files');
      await files.press('which level is up?');
      const answers = (await files.lines('what it says', 8)).slice(4);
      assert.match(answers[1] ?? '', /: all is well/);
      assert.match(answers[2] ?? '', /TLS is fine|user|not authori/);
      assert.match(answers[3] ?? '', /: all is well/);
      assert.ok(readdirSync(join(machine, '4-mutual')).includes('acl'));
    });
  });
}
