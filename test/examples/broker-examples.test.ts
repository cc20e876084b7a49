import assert from 'node:assert/strict';
import { onFreePorts } from '../support/example-flow';
import { ExampleSession, type ExampleTab } from '../support/example-session';
import type { NodeRedVersion } from '../support/node-red-process';

/** `sensor02 with certificate 1234ABCD…` → the serial number's beginning. */
const serialIn = (line: string | undefined) => /certificate ([0-9A-F]+)/.exec(line ?? '')?.[1];

for (const version of ['4.1', '5'] as const satisfies NodeRedVersion[]) {
  describe(`examples 04, 07 and 17 in Node-RED ${version}, imported together`, function () {
    this.timeout(180_000);
    let session: ExampleSession;
    const start = async () => {
      session = await ExampleSession.start(
        version,
        await onFreePorts('07', [8850]),
        await onFreePorts('04', [8860, 8861]),
        await onFreePorts('17', [8870]),
      );
    };
    before(start);
    after(() => session.stop());

    const connected = async (tab: ExampleTab) => {
      for (const name of tab.named(/^secure-mqtt-(in|out)$/)) await tab.shows(name, /^green dot connected$/);
    };

    it('07 lets through what the rules allow and drops the rest', async () => {
      const tab = session.tab('07 Who may use what');
      await connected(tab);
      for (const topic of ['dev01/status', 'dev02/status', 'dev01/display']) await tab.press(`dev01 writes ${topic}`);
      await tab.says('delivered', /^dev01\/status from dev01$/);
      await tab.says('not delivered', /^dev02\/status from dev01: /);
      await tab.says('not delivered', /^dev01\/display from dev01: /);
      for (const topic of ['dev01/display', 'dev01/status']) await tab.press(`dev02 writes ${topic}`);
      await tab.says('delivered', /^dev01\/display from dev02$/);
      await tab.says('not delivered', /^dev01\/status from dev02: /);
      assert.deepEqual(tab.said('delivered'), ['dev01/status from dev01', 'dev01/display from dev02']);
    });

    it('07 shows who hears what', async () => {
      const tab = session.tab('07 Who may use what');
      await tab.press('dev02 writes dev03/interval');
      await tab.press('dev02 writes dev01/interval');
      await tab.says('what dev01 hears', /^dev01\/interval/);
      const topics = tab.said('what dev01 hears').map((line) => line.split(' ')[0]);
      assert.deepEqual(topics, ['dev01/status', 'dev01/display', 'dev01/interval']);
      assert.deepEqual(tab.said('what Node-RED hears'), ['dev01/status = hello from dev01']);
    });

    it('07 turns away who has no certificate, or one of another CA', async () => {
      const tab = session.tab('07 Who may use what');
      await tab.press('without a certificate');
      await tab.says('turned away', /^TLS_CLIENT_CERT_REQUIRED: /);
      await tab.says('who connects', /^refused: .*TLS_CLIENT_CERT_REQUIRED/);
      await tab.press('dev01 of another CA');
      await tab.says('turned away', /^TLS_CLIENT_CERT_REFUSED: .*CN=dev01/);
      await tab.says('who connects', /^refused: .*CERT_ISSUER_UNKNOWN/);
      assert.deepEqual(tab.said('error'), []);
    });

    it('04 runs at once: devices measure, the dashboard hears and tells', async () => {
      const tab = session.tab('04 TLS broker inside');
      await connected(tab);
      await tab.shows('broker', /^green dot port \d+, 3 connected$/);
      await tab.shows('temperature', /sensor0\d: [\d.]+ °C$/);
      await tab.press('sensor01: every second!');
      await tab.says('sensor01 is told', /^every second, please$/);
    });

    it('04 locks one device out at once and lets it in again', async () => {
      const tab = session.tab('04 TLS broker inside');
      const first = serialIn(await tab.says('connected', /^sensor02 /));
      await tab.press('lock sensor02 out');
      await tab.says('disconnected', /^sensor02 .*CERT_REVOKED/);
      await tab.shows('sensor02 measures', /^red ring certificate revoked/);
      await tab.says('state', /^sensor02 is gone$/);
      await tab.press('let it in again');
      await tab.shows('sensor02 measures', /^green dot connected$/);
      const again = (await tab.lines('connected', 4))[3];
      assert.equal(serialIn(again), first, 'the same certificate');
      assert.equal(tab.said('disconnected').length, 1, 'nobody else was disturbed');
    });

    it('04 revokes for good, and lists all of it', async () => {
      const tab = session.tab('04 TLS broker inside');
      const [first] = tab.said('connected').filter((line) => line.startsWith('sensor02'));
      await tab.press('revoke it for good');
      const another = (await tab.lines('connected', 5))[4];
      assert.match(another ?? '', /^sensor02 /);
      assert.notEqual(serialIn(another), serialIn(first));
      await tab.press('list them');
      const list = await tab.says('certificates', /sensor02/);
      assert.match(list, new RegExp(`sensor02 ${serialIn(first)}… revoked`));
      assert.match(list, new RegExp(`sensor02 ${serialIn(another)}… valid`));
      const errors = tab.said('error');
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', /is on hold/);
    });

    it('04 lets devices log in with a password, once it was entered', async () => {
      const password = 'of the class room';
      await session.deploy({
        enable: ['04 with passwords'],
        enter: {
          'broker with passwords': { users: `sensor03:${password}` },
          '04 broker with passwords as sensor03': { username: 'sensor03', password },
        },
      });
      const tab = session.tab('04 with passwords');
      await connected(tab);
      await tab.says('who connects', /^connected: sensor03$/);
      await tab.says('came back', /^[\d.]+ °C$/);
      assert.deepEqual(tab.said('error'), []);
    });

    it('17 changes to renewed certificates and loses no message', async () => {
      const tab = session.tab('17 Renew while it runs');
      const count = async (atLeast: number): Promise<number> => {
        const far = () => Number(/up to (\d+)/.exec(shown)?.[1]);
        let shown = '';
        do shown = await tab.shows('the count', new RegExp(`up to (?!${far()}:)\\d+: 0 missing, \\d+ twice`));
        while (far() < atLeast);
        return far();
      };
      await connected(tab);
      const before = await count(20);
      await tab.press('renew sender and receiver');
      const serials = (await tab.lines('who is connected', 4)).map(serialIn);
      assert.equal(new Set(serials).size, 4, 'both have another certificate');
      await count(before + 60);

      await tab.press('look at the broker');
      const [presented] = await tab.lines('the broker presents', 1);
      await tab.press("renew the broker's own");
      await tab.says('new certificates', /^localhost /);
      await tab.press('look at the broker');
      const afterwards = (await tab.lines('the broker presents', 2))[1];
      assert.notEqual(serialIn(afterwards), serialIn(presented));
      assert.equal(tab.said('who is connected').length, 4, 'open connections stay');
      assert.deepEqual(tab.said('error'), []);
    });
  });
}
