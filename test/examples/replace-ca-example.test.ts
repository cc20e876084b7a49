import assert from 'node:assert/strict';
import { onFreePorts } from '../support/example-flow';
import { ExampleSession } from '../support/example-session';
import type { NodeRedVersion } from '../support/node-red-process';

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`example 20 in Node-RED ${version}`, function () {
    this.timeout(180_000);
    let session: ExampleSession;
    before(async () => {
      session = await ExampleSession.start(version, await onFreePorts('20', [8920]));
    });
    after(() => session.stop());

    it('renews and replaces the CA while messages run, and loses none', async () => {
      const tab = session.tab('20 Replace the root CA');
      for (const name of ['sender', 'receiver']) await tab.shows(name, /^green dot connected$/);
      await tab.press('look at the broker');
      await tab.says('the broker presents', / of CN=Example 20 CA,/);
      await tab.press('step 3: the old key goes');
      await tab.says('error', /CA_ROLLOVER/);

      await tab.press('renew with the same key');
      await tab.says('where it stands', /^stable: CN=Example 20 CA$/);
      await tab.press('step 1: a new key');
      await tab.says('where it stands', /^introduced: CN=Example 20 CA$/);
      await tab.press('step 2: it issues');
      await tab.says('where it stands', /^switched: CN=Example 20 CA G2, \d of the old key/);
      await tab.press('look at the broker');
      await tab.says('the broker presents', / of CN=Example 20 CA G2,/);
      for (const name of ['sender', 'receiver']) await tab.shows(name, /^green dot connected$/);
      await tab.press('step 3: the old key goes');
      await tab.says('where it stands', /^stable: CN=Example 20 CA G2$/);
      for (const name of ['sender', 'receiver']) await tab.shows(name, /^green dot connected$/);
      await tab.shows('the count', /: 0 missing/);
      assert.equal(tab.said('error').length, 1);
    });
  });
}
