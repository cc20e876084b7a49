import assert from 'node:assert/strict';
import { acquireAuthority, type AuthorityLease } from '../../../src/ca/authority-registry';
import { inTurn } from '../../../src/export/export-result';
import type { CodedError } from '../../../src/model/errors';
import type { ReloadNews } from '../../../src/node-red/broker-reload';
import { LiveRevocationList } from '../../../src/node-red/live-revocation-list';
import { readRevocationList } from '../../../src/pki/revocation-list';
import { OutputFolder } from '../../../src/store/output-folder';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, nextProcess } from '../../support/test-authority';

const FILE = '/user/export/broker/crl.pem';
const DAY_MS = 86_400_000;

/** A CA and the list of a broker's folder, both on one disk in memory. */
class Exported {
  readonly disk = new MemoryDisk();
  /** Of the export alone. */
  readonly fs = new FailingFileSystem(this.disk);
  readonly clock = new MemoryClock();
  readonly news: ReloadNews[] = [];
  readonly failures: CodedError[] = [];
  #lease: AuthorityLease | undefined;
  #list: LiveRevocationList | undefined;
  #changed: () => void = () => undefined;
  brokerGone = false;

  get authority() {
    return this.#lease!.authority;
  }

  async startAuthority(): Promise<void> {
    this.#lease = await acquireAuthority(
      authorityOptions({ fs: this.disk, clock: this.clock, processes: nextProcess() }),
    );
  }

  async stopAuthority(): Promise<void> {
    await this.#lease?.release();
  }

  /** Resolves with the next outcome of the list, written or failed. */
  next(): Promise<void> {
    return new Promise((resolve) => (this.#changed = resolve));
  }

  follow(): void {
    const settled = (): void => this.#changed();
    this.#list = new LiveRevocationList({
      authority: () => Promise.resolve(this.authority),
      fs: this.fs,
      output: new OutputFolder(this.fs, '/user/export/broker', '/user'),
      fileName: 'crl.pem',
      clock: this.clock,
      reload: async (one) => {
        if (this.brokerGone) throw Object.assign(new Error('gone'), { code: 'INPUT_CONFIG' });
        this.news.push(one);
      },
      written: settled,
      failed: (error) => {
        this.failures.push(error as CodedError);
        settled();
      },
    });
    this.#list.request();
  }

  async stopFollowing(): Promise<void> {
    await this.#list?.close();
  }

  async stop(): Promise<void> {
    await this.stopFollowing();
    await this.stopAuthority();
  }

  /** Revoked serial numbers that the broker would refuse. */
  listed(serialNumber: string): boolean {
    const list = readRevocationList(Buffer.from(this.disk.files().get(FILE) ?? ''));
    return list.find(serialNumber) !== undefined;
  }

  async issue(): Promise<string> {
    const [issued] = await this.authority.issue([deviceRequest('dev01')]);
    return issued!.serialNumber;
  }

  async revoke(value: string): Promise<void> {
    await this.authority.revoke({ by: 'serial', value });
  }
}

describe('the live revocation list of an export', () => {
  let exported: Exported;

  beforeEach(async () => {
    exported = new Exported();
    await exported.startAuthority();
    exported.disk.put(FILE, (await exported.authority.crl()).pem);
  });
  afterEach(() => exported.stop());

  it('has a revoked certificate at once, and the broker is told', async () => {
    const serialNumber = await exported.issue();
    exported.follow();
    const next = exported.next();
    await exported.revoke(serialNumber);
    await next;
    assert.ok(exported.listed(serialNumber));
    assert.deepEqual(exported.news, [{ folder: '/user/export/broker', files: ['crl.pem'], reason: 'crl' }]);
  });

  it('is brought up to date at the start, after a revocation that nobody followed', async () => {
    const serialNumber = await exported.issue();
    await exported.revoke(serialNumber);
    const next = exported.next();
    exported.follow();
    await next;
    assert.ok(exported.listed(serialNumber));
  });

  it('is younger than the CA’s half life, also after the machine was off for weeks', async () => {
    const before = exported.disk.files().get(FILE);
    await exported.stopAuthority();
    exported.clock.jumpTo(exported.clock.now() + 40 * DAY_MS);
    await exported.startAuthority();
    const next = exported.next();
    exported.follow();
    await next;
    const list = readRevocationList(Buffer.from(exported.disk.files().get(FILE) ?? ''));
    assert.notEqual(exported.disk.files().get(FILE), before);
    assert.ok((list.nextUpdate?.getTime() ?? 0) > exported.clock.now() + 15 * DAY_MS);
  });

  it('a full disk: said, tried again, and written when there is room', async () => {
    const serialNumber = await exported.issue();
    exported.follow();
    exported.fs.failAt(1, { kind: 'always', errno: 'ENOSPC' });
    let next = exported.next();
    await exported.revoke(serialNumber);
    await next;
    assert.equal(exported.failures.at(-1)?.code, 'STORE_FULL');
    assert.ok(!exported.listed(serialNumber));
    exported.fs.heal();
    next = exported.next();
    await exported.clock.advance(31_000);
    await next;
    assert.ok(exported.listed(serialNumber));
    assert.equal(exported.news.length, 1);
  });

  it('a broker that could not be told is told later, though the file is there', async () => {
    const serialNumber = await exported.issue();
    exported.follow();
    exported.brokerGone = true;
    let next = exported.next();
    await exported.revoke(serialNumber);
    await next;
    assert.equal(exported.news.length, 0);
    exported.brokerGone = false;
    next = exported.next();
    await exported.clock.advance(31_000);
    await next;
    assert.equal(exported.news.length, 1);
  });

  it('a broker that could not be told is told after a restart, though the file is there', async () => {
    const serialNumber = await exported.issue();
    exported.follow();
    exported.brokerGone = true;
    let next = exported.next();
    await exported.revoke(serialNumber);
    await next;
    assert.ok(exported.listed(serialNumber));
    await exported.stopFollowing();
    exported.brokerGone = false;
    next = exported.next();
    exported.follow();
    await next;
    assert.deepEqual(exported.news, [{ folder: '/user/export/broker', files: ['crl.pem'], reason: 'crl' }]);
    await exported.stopFollowing();
    exported.follow();
    await exported.clock.advance(0);
    assert.equal(exported.news.length, 1, 'once');
    assert.deepEqual([...exported.disk.files().keys()].filter((path) => path.includes('untold')), []); // prettier-ignore
  });

  it('waits while files are replaced: what is put back must not be older than what it wrote', async () => {
    const serialNumber = await exported.issue();
    exported.follow();
    await exported.clock.advance(0);
    let putBack: () => void = () => undefined;
    const replacing = inTurn(
      { folder: '/user/export/broker' },
      () => new Promise<void>((resolve) => (putBack = resolve)),
    );
    const next = exported.next();
    await exported.revoke(serialNumber);
    await exported.clock.advance(0);
    assert.ok(!exported.listed(serialNumber));
    putBack();
    await Promise.all([replacing, next]);
    assert.ok(exported.listed(serialNumber));
  });

  it('does not keep the flows from stopping while files are replaced', async () => {
    exported.follow();
    await exported.clock.advance(0);
    let putBack: () => void = () => undefined;
    const replacing = inTurn(
      { folder: '/user/export/broker' },
      () => new Promise<void>((resolve) => (putBack = resolve)),
    );
    await exported.revoke(await exported.issue());
    const before = exported.disk.files().get(FILE);
    await exported.stopFollowing();
    putBack();
    await replacing;
    await exported.clock.advance(0);
    assert.equal(exported.disk.files().get(FILE), before);
  });

  it('a list that cannot be replaced is an alarm of its own a week before the broker refuses everybody', async () => {
    exported.follow();
    await exported.clock.advance(0);
    const { nextUpdate } = readRevocationList(Buffer.from(exported.disk.files().get(FILE) ?? ''));
    exported.fs.failAt(1, { kind: 'always', errno: 'ENOSPC' });
    const codeAfter = async (days: number): Promise<string | undefined> => {
      exported.clock.jumpTo(exported.clock.now() + days * DAY_MS);
      const next = exported.next();
      await exported.clock.advance(11 * 60_000);
      await next;
      return exported.failures.at(-1)?.code;
    };
    assert.equal(await codeAfter(16), 'STORE_FULL');
    assert.equal(await codeAfter(6.7), 'CRL_EXPIRES_SOON');
    const { message, cause } = exported.failures.at(-1)!;
    assert.match(message, /refuses every client; it cannot be replaced: /);
    assert.deepEqual([cause.reason, cause.nextUpdate], ['STORE_FULL', nextUpdate?.toISOString()]);
    assert.ok((nextUpdate?.getTime() ?? 0) - exported.clock.now() > 7 * DAY_MS);
    assert.equal(await codeAfter(8), 'CRL_EXPIRED');
  });

  it('follows the CA that comes after a restart of its node', async () => {
    exported.follow();
    await exported.clock.advance(0);
    await exported.stopAuthority();
    await exported.startAuthority();
    const serialNumber = await exported.issue();
    await exported.revoke(serialNumber);
    const next = exported.next();
    await exported.clock.advance(11 * 60_000);
    await next;
    assert.ok(exported.listed(serialNumber));
  });

  it('nothing is written where nothing was exported', async () => {
    await exported.disk.unlink(FILE);
    exported.follow();
    await exported.revoke(await exported.issue());
    await exported.clock.advance(11 * 60_000);
    assert.equal(exported.disk.files().get(FILE), undefined);
    assert.deepEqual(exported.news, []);
  });

  it('lets go of the CA and the clock when it is closed', async () => {
    exported.follow();
    await exported.clock.advance(0);
    const { waiting } = exported.clock;
    await exported.stop();
    assert.equal(exported.authority.listenerCount('crl-refreshed'), 0);
    assert.ok(exported.clock.waiting < waiting);
  });
});
