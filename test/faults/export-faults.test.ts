import assert from 'node:assert/strict';
import { planExport } from '../../src/export/layouts';
import type { ExportPlan } from '../../src/export/export-plan';
import { writePlan } from '../../src/export/export-result';
import { EXPORT_LAYOUTS } from '../../src/model/config/tls-export';
import { isCodedError } from '../../src/model/errors';
import { OutputFolder } from '../../src/store/output-folder';
import { FailingFileSystem, type Fault } from '../support/failing-file-system';
import { MemoryClock } from '../support/memory-clock';
import { MemoryDisk } from '../support/memory-disk';
import { SampleAuthority } from '../support/sample-export';
import { SeededRandom } from '../support/seeded-random';
import { whileTimePasses } from '../support/test-authority';

const FOLDER = '/user/export/broker';
const ERRNOS = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE', 'ESTALE', 'EXDEV', 'EBUSY'];

/** A plan whose files have been made, and the disk before and after it. */
interface Exports {
  before: MemoryDisk;
  old: ExportPlan;
  fresh: ExportPlan;
}

function write(fs: MemoryDisk | FailingFileSystem, plan: ExportPlan) {
  // A lock that a disk left half written is watched for some seconds.
  const clock = new MemoryClock();
  return whileTimePasses(clock, writePlan(plan, new OutputFolder(fs, FOLDER, '/user', { clock })));
}

/** As `MemoryDisk.files` gives it. */
function contents({ files }: ExportPlan): Map<string, string> {
  return new Map(files.map(({ name, content }) => [`${FOLDER}/${name}`, content.toString('utf8')]));
}

/** Every file is the old or the new one, whole; what was told to be written is the new one. */
function check(disk: MemoryDisk, { old, fresh }: Exports, told: readonly string[], where: string): void {
  const [before, after, found] = [contents(old), contents(fresh), disk.files()];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const content = found.get(path);
    assert.ok(content === before.get(path) || content === after.get(path), `${where}: ${path} is neither`);
  }
  for (const name of told) {
    const path = `${FOLDER}/${name}`;
    assert.equal(found.get(path), after.get(path), `${where}: ${name} was told to be written`);
  }
}

function temporaryNames(disk: MemoryDisk): string[] {
  return [...disk.files().keys()].filter((path) => path.endsWith('.tmp'));
}

describe('an export on a disk that fails', function () {
  this.timeout(240_000);
  let sample: SampleAuthority;
  before(async () => (sample = await SampleAuthority.create()));

  async function exported(layout: string): Promise<Exports> {
    const plan = async () => {
      const certificates = [await sample.server(), await sample.issue('device', 'dev01')];
      return planExport(layout, sample.input(certificates, {}, { secretPassphrase: 'nothing but a test' }));
    };
    const [before, old, fresh] = [new MemoryDisk(), await plan(), await plan()];
    before.put('/user/there', '');
    await write(before, old);
    return { before, old, fresh };
  }

  for (const layout of EXPORT_LAYOUTS) {
    it(`${layout}: each file is the old or the new one, whatever fails at any call, and the next export repairs`, async () => {
      const exports = await exported(layout);
      for (let at = 1, met = true; met; at += 1) {
        const errno = ERRNOS[at % ERRNOS.length] as string;
        for (const kind of ['once', 'always'] as const) {
          const disk = exports.before.copy();
          const fs = new FailingFileSystem(disk);
          fs.failAt(at, { kind, errno } satisfies Fault);
          const where = `${layout}, ${errno} ${kind} at call ${at}`;
          const told = await write(fs, exports.fresh).then(
            ({ files }) => files.map(({ name }) => name),
            (error: unknown) => {
              assert.ok(isCodedError(error), `${where}: ${String((error as Error)?.stack)}`);
              return error.cause.written as string[];
            },
          );
          check(disk, exports, told, `${where} (${fs.log[at - 1]})`);
          if (kind === 'once') assert.deepEqual(temporaryNames(disk), [], where);
          met = fs.met;
          fs.heal();
          await write(fs, exports.fresh);
          check(
            disk,
            exports,
            [...contents(exports.fresh).keys()].map((path) => path.slice(FOLDER.length + 1)),
            where,
          );
        }
      }
    });

    it(`${layout}: each file is the old or the new one after a power cut at any call`, async () => {
      const exports = await exported(layout);
      for (let at = 1, met = true; met; at += 1) {
        const disk = exports.before.copy();
        const fs = new FailingFileSystem(disk);
        let reached = () => undefined as void;
        const halted = new Promise<void>((resolve) => (reached = resolve));
        fs.failAt(at, { kind: 'halt', reached });
        // Each in a folder of its own: one that never ends would keep its turn for ever.
        const output = new OutputFolder(fs, FOLDER, '/user');
        const sink = { folder: `${FOLDER} ${layout} ${at}`, write: output.write.bind(output) };
        await Promise.race([writePlan(exports.fresh, sink), halted]);
        met = fs.met;
        const random = new SeededRandom(at);
        for (const after of [disk.copy(), disk.afterPowerCut(), disk.afterPowerCut(() => random.next() < 0.5)]) {
          check(after, exports, [], `${layout}, cut at call ${at} (${fs.log[at - 1]})`);
        }
      }
    });
  }
});
