import assert from 'node:assert/strict';
import type { IssuedCertificate } from '../../../src/ca/issue-request';
import { replaceBrokerFiles, type ReplacementOptions } from '../../../src/export/broker-replacement';
import { publicFile } from '../../../src/export/export-plan';
import { recoverReplacement } from '../../../src/store/file-replacement';
import { OutputFolder } from '../../../src/store/output-folder';
import type { ProbeReport } from '../../../src/tls/probe-report';
import { rejects } from '../../support/coded-error';
import { FailingFileSystem } from '../../support/failing-file-system';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { SampleAuthority } from '../../support/sample-export';

const FOLDER = '/user/broker';
const NAMES = ['server.crt.pem', 'server.key.pem'];
const HOUR_MS = 3_600_000;

/** A broker that serves what lay in its folder when it was told last, and a folder that may fail. */
class Replaced {
  readonly disk = new MemoryDisk();
  readonly fs = new FailingFileSystem(this.disk);
  readonly clock = new MemoryClock(Date.now());
  readonly reloads: string[] = [];
  /** What it does when it is told; default: obey. */
  obey: (reason: string) => void = () => this.load();
  look: () => Partial<ProbeReport> = () => this.report(this.served);
  served: IssuedCertificate | undefined;
  looks = 0;

  private constructor(
    readonly ca: SampleAuthority,
    readonly old: IssuedCertificate,
    readonly fresh: IssuedCertificate,
  ) {
    for (const name of NAMES) this.disk.put(`${FOLDER}/${name}`, old.serialNumber);
    this.served = old;
  }

  static async create(): Promise<Replaced> {
    const ca = await SampleAuthority.create();
    const server = () => ca.issue('server', 'broker.local', ['dns:broker.local']);
    return new Replaced(ca, await server(), await server());
  }

  /** The serial number that stands in both files; undefined for a certificate beside a foreign key. */
  get inFolder(): string | undefined {
    const [certificate, key] = NAMES.map((name) => this.disk.files().get(`${FOLDER}/${name}`));
    return certificate === key ? certificate : undefined;
  }

  load(): void {
    this.served = [this.old, this.fresh].find(({ serialNumber }) => serialNumber === this.inFolder);
  }

  report(issued: IssuedCertificate | undefined): Partial<ProbeReport> {
    if (!issued) return { leaf: null, code: 'TLS_NO_SHARED_CIPHER', message: 'no shared cipher', fix: '' };
    const { serialNumber, certificate } = issued;
    return { leaf: { serialNumber, fingerprint256: certificate.fingerprint256 } as ProbeReport['leaf'], code: null };
  }

  replace() {
    const { certificate } = this.ca.root;
    const files = NAMES.map((name) => publicFile(name, 'certificate', this.fresh.serialNumber));
    const options: ReplacementOptions = {
      fs: this.fs,
      output: new OutputFolder(this.fs, FOLDER, '/user'),
      reload: async (reason) => {
        this.reloads.push(reason);
        this.obey(reason);
      },
      look: async () => {
        this.looks += 1;
        return { target: 'mqtts://broker.local:8883', message: '', fix: '', ...this.look() } as ProbeReport;
      },
      patienceMs: 10_000,
      clock: this.clock,
    };
    const authority = { trustAnchors: [certificate], statusOf: () => 'valid' as const };
    return replaceBrokerFiles({ files, warnings: [] }, this.fresh, authority, options);
  }
}

describe('replacing the files of a broker', () => {
  let broker: Replaced;
  beforeEach(async () => (broker = await Replaced.create()));

  it('is proved by the certificate that is served', async () => {
    const { serialNumber, previous, proved } = await broker.replace();
    assert.deepEqual([serialNumber, previous, proved], [broker.fresh.serialNumber, broker.old.serialNumber, true]);
    assert.deepEqual(broker.reloads, ['replaced']);
  });

  it('repeated: the broker is left alone', async () => {
    await broker.replace();
    const before = broker.disk.files();
    broker.fs.failAt(Infinity, { kind: 'once', errno: 'EIO' });
    const { proved } = await broker.replace();
    assert.ok(proved);
    assert.deepEqual(broker.reloads, ['replaced']);
    assert.deepEqual(broker.disk.files(), before);
  });

  it('a certificate of another with the same serial number proves nothing', async () => {
    const { serialNumber } = broker.fresh;
    broker.look = () => broker.report({ ...broker.old, serialNumber });
    const ended = rejects(() => broker.replace(), 'CERT_SUPERSEDED');
    await broker.clock.advance(30_000);
    await ended;
    assert.equal(broker.inFolder, broker.old.serialNumber);
  });

  it('the certificate alone proves nothing: the handshake must have shown its key', async () => {
    broker.look = () => ({ ...broker.report(broker.fresh), code: 'TLS_HANDSHAKE', message: 'bad signature' });
    const ended = rejects(() => broker.replace(), 'TLS_HANDSHAKE');
    await broker.clock.advance(30_000);
    await ended;
    assert.equal(broker.inFolder, broker.old.serialNumber);
  });

  for (const [name, shiftMs] of [
    ['back', -24 * HOUR_MS],
    ['forward', 24 * HOUR_MS],
  ] as const) {
    it(`a clock that is set ${name} meanwhile changes nothing: the same number of looks`, async () => {
      const looked = new Promise<void>((resolve) => {
        broker.look = () => {
          if (broker.looks === 2) resolve();
          return broker.report(broker.old);
        };
      });
      const ended = rejects(() => broker.replace(), 'CERT_SUPERSEDED');
      await looked;
      broker.clock.jumpTo(broker.clock.now() + shiftMs);
      await broker.clock.advance(30_000);
      await ended;
      // One before, those of 10 s at 2 a second, one after the old files are back.
      assert.ok(broker.looks >= 20 && broker.looks <= 24, `${broker.looks} looks`);
    });
  }

  it('whatever call fails: the new certificate is proved, or the old one is served, and that is what is said', async () => {
    for (let at = 1; ; at += 1) {
      broker = await Replaced.create();
      broker.fs.failAt(at, { kind: 'once', errno: 'EIO' });
      const outcome = await broker.replace().then(
        ({ proved }) => ({ proved, error: undefined }),
        (error: { message: string; cause: { restored?: boolean } }) => ({ proved: false, error }),
      );
      const met = `call ${at}: ${broker.fs.log[at - 1]}`;
      const wanted = outcome.proved ? broker.fresh : broker.old;
      assert.equal(broker.inFolder, wanted.serialNumber, met);
      assert.equal(broker.served, wanted, met);
      if (broker.reloads.length > 0 && outcome.error) {
        assert.match(outcome.error.message, /were put back, the broker serves with them/, met);
      }
      if (!broker.fs.met) break;
    }
  });

  it('old files that cannot be put back: said, the broker is not told of a half, and the next start puts them back', async () => {
    broker.obey = () => broker.fs.failAt(2, { kind: 'always', errno: 'EIO' });
    const ended = rejects(() => broker.replace(), 'CERT_SUPERSEDED', /the old files could not be put back: /);
    await broker.clock.advance(30_000);
    const { cause, hint } = await ended;
    assert.equal(cause.restored, false);
    assert.match(hint ?? '', /\.previous; the next export or restart puts them back/);
    assert.deepEqual(broker.reloads, ['replaced']);
    assert.equal(broker.inFolder, undefined, 'a half');
    broker.fs.heal();
    await recoverReplacement(broker.disk, FOLDER);
    assert.equal(broker.inFolder, broker.old.serialNumber);
  });
});
