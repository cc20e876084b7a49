import assert from 'node:assert/strict';
import { exampleFlow } from '../support/example-flow';
import { ExampleSession } from '../support/example-session';
import type { NodeRedVersion } from '../support/node-red-process';

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`example 02 in Node-RED ${version}`, function () {
    this.timeout(120_000);
    let session: ExampleSession;
    before(async () => {
      session = await ExampleSession.start(version, exampleFlow('02'));
    });
    after(() => session.stop());

    it('works at once with a CA of its own, and lists what it has issued', async () => {
      const tab = session.tab('02 Import a CA');
      await tab.press('a certificate for sensor-21');
      await tab.shows('issue with it', /^(green|yellow) dot sensor-21 /);
      await tab.says('the new certificate', /sensor-21/);
      await tab.press('list what it has issued');
      await tab.says('what the CA has issued', /sensor-21/);
      assert.equal(tab.said('what the CA has issued').length, 1);
    });
  });
}
