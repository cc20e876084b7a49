import assert from 'node:assert/strict';
import { once } from 'node:events';
import { AUTHORITY_EVENTS, type AuthorityEvent, type AuthorityEventName } from '../../../src/ca/authority-event';
import { acquireAuthority, type AuthorityLease } from '../../../src/ca/authority-registry';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import { codedError, type CodedError } from '../../../src/model/errors';
import { AuthorityWatch, type WatchView } from '../../../src/node-red/authority-watch';
import { StateFile } from '../../../src/store/state-file';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, nextProcess } from '../../support/test-authority';

const DAY_MS = 86_400_000;
/** Longer than a CA or a watch ever waits until it looks at the clock. */
const A_LOOK_MS = 11 * 60_000;
const STATE = '/user/.secure-mqtt/state/watch1.json';

/** A CA and one who watches it, both in memory, which live through restarts. */
class Watched {
  readonly disk = new MemoryDisk();
  readonly fs = new FailingFileSystem(this.disk);
  /** The file of the watch alone may fail. */
  readonly stateDisk = new FailingFileSystem(this.disk);
  readonly clock = new MemoryClock();
  readonly events: AuthorityEvent[] = [];
  readonly failures: CodedError[] = [];
  view: WatchView | undefined;
  private lease: AuthorityLease | undefined;
  private watch: AuthorityWatch | undefined;
  refusal: CodedError | undefined;

  get authority(): CertificateAuthority {
    return this.lease!.authority;
  }

  async startAuthority(): Promise<void> {
    this.lease = await acquireAuthority(authorityOptions({ fs: this.fs, clock: this.clock, processes: nextProcess() }));
  }

  async startWatch(wanted: readonly AuthorityEventName[] = AUTHORITY_EVENTS): Promise<void> {
    this.watch = new AuthorityWatch({
      authority: () => (this.refusal ? Promise.reject(this.refusal) : Promise.resolve(this.authority)),
      events: new Set(wanted),
      file: new StateFile(this.stateDisk, '/user', 'watch1'),
      clock: this.clock,
      tell: (event) => this.events.push(event),
      show: (view) => (this.view = view),
      failed: (error) => this.failures.push(error as CodedError),
    });
    await this.watch.attach();
    this.watch.start();
    await this.clock.advance(0);
  }

  async start(wanted?: readonly AuthorityEventName[]): Promise<void> {
    await this.startAuthority();
    await this.startWatch(wanted);
  }

  async stopWatch(): Promise<void> {
    await this.watch?.close();
  }

  /** Everything stops, and time passes without it. */
  async sleep(milliseconds: number): Promise<void> {
    await this.stop();
    this.clock.jumpTo(this.clock.now() + milliseconds);
  }

  async stop(): Promise<void> {
    await this.stopWatch();
    await this.lease?.release();
  }

  /** What was told since the last call. */
  async told(): Promise<string[]> {
    await this.clock.advance(0);
    return this.events.splice(0).map(({ event, commonName }) => `${event} ${commonName}`);
  }

  issue(...names: string[]) {
    return this.authority.issue(names.map((name) => deviceRequest(name, { validityDays: 99 })));
  }
}

/** Without those of the CRL, which come at times of their own. */
const ofCertificates = (told: string[]) => told.filter((one) => !one.startsWith('crl-'));

describe('a watch over a CA', () => {
  let watched: Watched;
  beforeEach(() => {
    watched = new Watched();
  });
  afterEach(() => watched.stop());

  it('tells what happens, each once, with what a message needs', async () => {
    await watched.start();
    await watched.told();
    const [a] = await watched.issue('a', 'b');
    assert.deepEqual(await watched.told(), ['issued a', 'issued b']);
    await watched.authority.renew({ by: 'name', value: 'b' });
    await watched.clock.advance(0);
    const { serialNumber, notAfter } = watched.authority.find({ by: 'name', value: 'b' });
    assert.deepEqual(watched.events, [
      { event: 'renewed', serialNumber, commonName: 'b', ca: 'Test CA', notAfter, daysRemaining: 1825 },
    ]);
    await watched.told();
    await watched.authority.revoke({ by: 'serial', value: a!.serialNumber });
    assert.deepEqual(await watched.told(), ['revoked a', 'crl-refreshed Test CA']);
    await watched.clock.advance(A_LOOK_MS);
    assert.deepEqual(await watched.told(), []);
  });

  it('tells nothing of what there was before it came', async () => {
    await watched.startAuthority();
    await watched.issue('a', 'b');
    await watched.authority.revoke({ by: 'name', value: 'a' });
    await watched.startWatch();
    assert.deepEqual(ofCertificates(await watched.told()), []);
  });

  it('but tells what is due, whenever it became so', async () => {
    await watched.startAuthority();
    await watched.issue('a');
    watched.clock.jumpTo(watched.clock.now() + 70 * DAY_MS);
    await watched.startWatch();
    assert.deepEqual(ofCertificates(await watched.told()), ['due a']);
  });

  it('tells the stages of an end, each once, over restarts', async () => {
    await watched.start();
    await watched.issue('a');
    await watched.told();
    const stages: [days: number, told: string[]][] = [
      [65, []],
      [2, ['due a']],
      [1, []],
      [22, ['expiring a']],
      [1, []],
      [8, ['expired a']],
      [1, []],
      [400, []],
    ];
    for (const [days, expected] of stages) {
      await watched.sleep(days * DAY_MS);
      await watched.start();
      assert.deepEqual(ofCertificates(await watched.told()), expected, `after ${days} more days`);
      await watched.clock.advance(A_LOOK_MS);
      assert.deepEqual(ofCertificates(await watched.told()), [], 'once');
    }
  });

  it('tells a stage at its second while it runs', async () => {
    await watched.start();
    const [a] = await watched.issue('a');
    const { notBefore, notAfter } = a!.certificate;
    await watched.told();
    const due = notAfter.getTime() - 0.33 * (notAfter.getTime() - notBefore.getTime());
    watched.clock.jumpTo(due - 90_000);
    await watched.clock.advance(A_LOOK_MS);
    assert.deepEqual(ofCertificates(await watched.told()), ['due a']);
    watched.clock.jumpTo(notAfter.getTime() - 2000);
    // Signed in the thread pool: no number of turns of the event loop is enough for sure.
    const refreshed = once(watched.authority, 'crl-refreshed');
    await watched.clock.advance(A_LOOK_MS);
    await refreshed;
    await watched.told();
    assert.deepEqual(
      watched.view?.standing.map(({ event }) => event),
      ['expired'],
    );
  });

  it('tells once, after a long sleep, what happened while nobody watched', async () => {
    await watched.start();
    await watched.issue('a', 'b', 'c');
    await watched.told();
    await watched.stopWatch();
    await watched.issue('d');
    await watched.authority.revoke({ by: 'name', value: 'a' });
    await watched.sleep(95 * DAY_MS);
    await watched.start();
    assert.deepEqual(ofCertificates(await watched.told()), [
      'issued d',
      'revoked a',
      'expiring b',
      'expiring c',
      'expiring d',
    ]);
    await watched.sleep(DAY_MS);
    await watched.start();
    assert.deepEqual(ofCertificates(await watched.told()), []);
  });

  it('keeps listing a device that stays offline, and forgets one that came back', async () => {
    await watched.start();
    await watched.issue('offline', 'online');
    await watched.sleep(70 * DAY_MS);
    await watched.start();
    await watched.authority.renew({ by: 'name', value: 'online' });
    await watched.told();
    const listed = () =>
      ofCertificates(watched.view!.standing.map(({ event, commonName }) => `${event} ${commonName}`));
    assert.deepEqual(listed(), ['due offline']);
    for (const [days, stage] of [
      [25, 'expiring'],
      [30, 'expired'],
      [300, 'expired'],
    ] as const) {
      await watched.sleep(days * DAY_MS);
      await watched.start();
      await watched.told();
      assert.deepEqual(listed(), [`${stage} offline`]);
    }
  });

  const chosen: [wanted: AuthorityEventName[], told: string[]][] = [
    [['due'], ['due a']],
    [['due', 'expiring'], ['expiring a']],
    [['expired'], ['expired a']],
    [['due', 'expired'], ['expired a']],
    [['revoked', 'issued'], []],
    [[], []],
  ];
  for (const [wanted, expected] of chosen) {
    it(`that wants ${wanted.join(' and ') || 'nothing'} tells of an end ${expected.join() || 'nothing'}`, async () => {
      await watched.start(wanted);
      await watched.issue('a');
      await watched.told();
      await watched.sleep(100 * DAY_MS);
      await watched.start(wanted);
      assert.deepEqual(await watched.told(), expected);
    });
  }

  it('tells a stage that is asked for only later', async () => {
    await watched.start(['expired']);
    await watched.issue('a');
    await watched.sleep(70 * DAY_MS);
    await watched.start(['expired']);
    assert.deepEqual(await watched.told(), []);
    await watched.stopWatch();
    await watched.startWatch(['due', 'expired']);
    assert.deepEqual(await watched.told(), ['due a']);
  });

  it('tells neither a release nor a hold twice, but a hold that became final', async () => {
    await watched.start(['revoked']);
    await watched.issue('a');
    for (const [reason, expected] of [
      ['certificateHold', ['revoked a']],
      ['removeFromCRL', []],
      ['certificateHold', ['revoked a']],
      ['keyCompromise', ['revoked a']],
    ] as const) {
      await watched.clock.advance(1000);
      await watched.authority.revoke({ by: 'name', value: 'a' }, { reason });
      assert.deepEqual(await watched.told(), expected, reason);
    }
  });

  it('tells of an overdue CRL once for each, and of the end of the CA', async () => {
    await watched.start(['crl-overdue', 'ca-expiring']);
    for (const expected of [['crl-overdue Test CA'], []]) {
      watched.fs.failAt(1, { kind: 'always', errno: 'ENOSPC' });
      if (expected.length > 0) watched.clock.jumpTo(watched.clock.now() + 25 * DAY_MS);
      await watched.clock.advance(A_LOOK_MS);
      assert.deepEqual(await watched.told(), expected);
      assert.equal(watched.view?.standing[0]?.event, 'crl-overdue');
    }
    watched.fs.heal();
    // The new list is signed in the thread pool: the look that finds it comes after the one that asks for it.
    do {
      await new Promise((resolve) => setImmediate(resolve));
      await watched.clock.advance(A_LOOK_MS);
    } while (watched.view?.standing.length !== 0);
    watched.clock.jumpTo(watched.authority.certificate.notAfter.getTime() - 365 * DAY_MS);
    await watched.clock.advance(A_LOOK_MS);
    assert.deepEqual(
      (await watched.told()).filter((one) => one.startsWith('ca-')),
      ['ca-expiring Test CA'],
    );
    await watched.sleep(DAY_MS);
    await watched.start(['ca-expiring']);
    assert.deepEqual(await watched.told(), []);
  });

  it('is not confused by a clock that starts in the past at each boot', async () => {
    await watched.start();
    await watched.issue('a');
    const beginning = watched.clock.now();
    await watched.sleep(70 * DAY_MS);
    await watched.start();
    assert.ok((await watched.told()).includes('due a'));
    for (let boot = 0; boot < 2; boot += 1) {
      await watched.stop();
      watched.clock.jumpTo(beginning);
      await watched.start();
      watched.clock.jumpTo(beginning + 71 * DAY_MS);
      await watched.clock.advance(A_LOOK_MS);
      assert.deepEqual(ofCertificates(await watched.told()), []);
    }
  });

  it('begins anew with another CA or a damaged memory', async () => {
    await watched.start();
    await watched.issue('a');
    await watched.told();
    for (const content of ['{', '{"version":1,"state":{"ca":"other"}}', '{"version":1,"state":null}']) {
      await watched.stopWatch();
      watched.disk.put(STATE, content);
      await watched.startWatch();
      assert.deepEqual(ofCertificates(await watched.told()), [], content);
      await watched.issue('b');
      assert.deepEqual(await watched.told(), ['issued b']);
    }
    assert.deepEqual(watched.failures, []);
  });

  it('goes on when its memory cannot be written, says why, and writes it later', async () => {
    await watched.start();
    watched.stateDisk.failAt(1, { kind: 'always', errno: 'ENOSPC' });
    await watched.issue('a');
    assert.deepEqual(await watched.told(), ['issued a']);
    assert.deepEqual(
      watched.failures.splice(0).map(({ code }) => code),
      ['STORE_FULL'],
    );
    watched.stateDisk.heal();
    await watched.clock.advance(31_000);
    await watched.stopWatch();
    await watched.startWatch();
    assert.deepEqual(await watched.told(), []);
    assert.deepEqual(watched.failures, []);
  });

  it('does not touch the memory of a newer version', async () => {
    await watched.startAuthority();
    const newer = '{"version":99,"state":{}}';
    watched.disk.put(STATE, newer);
    await watched.startWatch();
    await watched.issue('a');
    assert.deepEqual(await watched.told(), []);
    assert.ok(watched.failures.length > 0 && watched.failures.every(({ code }) => code === 'STORE_VERSION'));
    assert.equal(Buffer.from(watched.disk.files().get(STATE)!).toString(), newer);
  });

  it('waits for a CA that is not available, and begins when it is', async () => {
    watched.refusal = codedError('CA_LOCKED', 'locked');
    await watched.startAuthority();
    await watched.startWatch();
    assert.deepEqual(
      watched.failures.splice(0).map(({ code }) => code),
      ['CA_LOCKED'],
    );
    watched.refusal = undefined;
    await watched.clock.advance(31_000);
    await watched.told();
    await watched.issue('a');
    assert.deepEqual(await watched.told(), ['issued a']);
  });

  it('follows a CA that was opened again', async () => {
    await watched.start();
    const old = watched.authority;
    await watched.issue('a');
    await watched.told();
    await watched.authority.close();
    // As after "forget this CA": another instance behind the same node.
    const lease = await acquireAuthority(
      authorityOptions({ fs: new MemoryDisk(), clock: watched.clock, processes: nextProcess() }),
    );
    Object.assign(watched, { lease });
    await watched.clock.advance(A_LOOK_MS);
    await watched.told();
    await watched.issue('b');
    assert.deepEqual(await watched.told(), ['issued b']);
    for (const event of AUTHORITY_EVENTS) assert.equal(old.listenerCount(event), 0, event);
  });

  it('leaves no listener and no timer behind', async () => {
    await watched.start();
    const { authority } = watched;
    await watched.issue('a');
    await watched.stopWatch();
    for (const event of AUTHORITY_EVENTS) assert.equal(authority.listenerCount(event), 0, event);
    await watched.stop();
    assert.equal(watched.clock.waiting, 0);
  });

  it('has written down all it told when it is closed in the middle', async () => {
    await watched.start();
    await watched.told();
    await watched.issue('a', 'b');
    await watched.stopWatch();
    const told = watched.events.splice(0).length;
    await watched.startWatch();
    assert.deepEqual((await watched.told()).length, 2 - told);
  });

  it('names what comes next', async () => {
    await watched.start(['due', 'expired']);
    await watched.issue('a');
    await watched.told();
    const { next } = watched.view!;
    assert.equal(next?.event.event, 'due');
    assert.equal(next.event.commonName, 'a');
    assert.equal(Math.floor((next.at - watched.clock.now()) / DAY_MS), 66);
  });
});
