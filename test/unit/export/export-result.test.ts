import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { publicFile, secretFile, checkedPlan } from '../../../src/export/export-plan';
import { inMessage, writePlan, type FileSink } from '../../../src/export/export-result';
import { codedError } from '../../../src/model/errors';
import { FileReplacement } from '../../../src/store/file-replacement';
import { nodeFileSystem } from '../../../src/store/file-system';
import { OutputFolder } from '../../../src/store/output-folder';
import { temporaryFolder } from '../../support/temporary-folder';

const PLAN = {
  files: [
    secretFile('dev01.key.pem', 'private-key', 'key'),
    publicFile('dev01.crt.pem', 'certificate', 'certificate'),
    publicFile('mosquitto.conf', 'configuration', 'configuration'),
  ],
  warnings: [],
};

/** A folder in memory; each write waits until the test lets it go on. */
class HeldSink implements FileSink {
  readonly log: string[] = [];
  private readonly waiting: (() => void)[] = [];
  constructor(
    readonly folder: string,
    private readonly failing?: string,
  ) {}

  async write(name: string, content: Buffer): Promise<string> {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (name === this.failing) throw codedError('STORE_FULL', 'the disk is full', {}, 'make room');
    this.log.push(`${name}=${content.toString()}`);
    return `${this.folder}/${name}`;
  }

  /** Let writes go on until there are no more. */
  async drain(): Promise<void> {
    for (let idle = 0; idle < 5; idle += 1) {
      const next = this.waiting.shift();
      if (next) idle = 0;
      next?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('result of an export', () => {
  it('in the message has bytes and neither folder nor path', () => {
    const { folder, files } = inMessage(PLAN);
    assert.equal(folder, '');
    assert.deepEqual(files[0], { name: 'dev01.key.pem', kind: 'private-key', mode: 0o600, bytes: Buffer.from('key') });
  });

  for (const [umask, modes] of [
    [0o022, [0o600, 0o644, 0o644]],
    [0o077, [0o600, 0o600, 0o600]],
  ] as const) {
    it(`in files tells the modes that they really have under umask ${umask.toString(8)}, the first time and when replaced`, async () => {
      const folder = path.join(temporaryFolder(), 'out');
      const before = process.umask(umask);
      try {
        const sink = new OutputFolder(nodeFileSystem, folder);
        const { files } = await writePlan(PLAN, sink);
        await (await FileReplacement.begin(nodeFileSystem, sink, PLAN.files)).keep();
        for (const [index, { name, mode }] of files.entries()) {
          assert.equal(mode, modes[index], name);
          assert.equal(statSync(path.join(folder, name)).mode & 0o777, mode, `${name} after a replacement`);
        }
      } finally {
        process.umask(before);
      }
    });
  }

  it('in files has paths and no bytes, in the order of the plan', async () => {
    const sink = new HeldSink('/out');
    const writing = writePlan(PLAN, sink);
    await sink.drain();
    const { folder, files } = await writing;
    assert.equal(folder, '/out');
    assert.deepEqual(files[2], {
      name: 'mosquitto.conf',
      path: '/out/mosquitto.conf',
      kind: 'configuration',
      mode: 0o644,
    });
  });

  it('names what was written before a failure', async () => {
    const sink = new HeldSink('/out', 'dev01.crt.pem');
    const writing = assert.rejects(writePlan(PLAN, sink), {
      code: 'STORE_FULL',
      cause: { file: 'dev01.crt.pem', written: ['dev01.key.pem'] },
    });
    await sink.drain();
    await writing;
  });

  it('two exports into one folder take turns, also after a failure', async () => {
    const first = new HeldSink('/same', 'mosquitto.conf');
    const second = new HeldSink('/same');
    const failing = assert.rejects(writePlan(PLAN, first), { code: 'STORE_FULL' });
    const writing = writePlan(PLAN, second);
    await second.drain();
    assert.deepEqual(second.log, []);
    await first.drain();
    await failing;
    await second.drain();
    await writing;
    assert.equal(second.log.length, 3);
  });
});

describe('plan of an export', () => {
  it('is refused when two files would have one name, also without looking at the case', () => {
    const twice = { files: [publicFile('A.pem', 'certificate', ''), publicFile('a.pem', 'trust', '')], warnings: [] };
    assert.throws(() => checkedPlan(twice), { code: 'INPUT_FOLDER', cause: { field: 'baseName', value: 'a.pem' } });
  });
});
