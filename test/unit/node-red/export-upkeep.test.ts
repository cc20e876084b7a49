import assert from 'node:assert/strict';
import { TLS_EXPORT_DEFAULTS } from '../../../src/model/config/tls-export';
import type { ReloadNews } from '../../../src/node-red/broker-reload';
import { ExportUpkeep } from '../../../src/node-red/export-upkeep';
import { FileReplacement } from '../../../src/store/file-replacement';
import { OutputFolder } from '../../../src/store/output-folder';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';

const FOLDER = '/user/broker';
const FILES = ['server.crt.pem', 'server.key.pem'];

describe('the upkeep of an export', () => {
  /** What the broker was told at a start, and what lay in the folder then. */
  async function startAfter(before: (disk: MemoryDisk) => Promise<unknown>) {
    const disk = new MemoryDisk();
    for (const name of FILES) disk.put(`${FOLDER}/${name}`, 'old');
    await before(disk);
    const told: { news: ReloadNews; found: (string | undefined)[] }[] = [];
    let putBack = 0;
    const upkeep = new ExportUpkeep({
      config: { ...TLS_EXPORT_DEFAULTS, layout: 'mosquitto', crl: 'none' },
      authority: () => Promise.reject(new Error('is not asked')),
      folder: FOLDER,
      userDir: '/user',
      fs: disk,
      clock: new MemoryClock(),
      reload: async (news) => {
        told.push({ news, found: FILES.map((name) => disk.files().get(`${FOLDER}/${name}`)) });
      },
      listWritten: () => undefined,
      putBack: () => (putBack += 1),
      failed: (error) => assert.fail(String(error)),
    });
    await upkeep.start();
    await upkeep.close();
    return { told, putBack };
  }

  it('after a crash in a replacement the old files are put back, and the broker reads them', async () => {
    const files = FILES.map((name) => ({ name, content: Buffer.from('new'), mode: 0o600 }));
    const { told, putBack } = await startAfter((disk) =>
      FileReplacement.begin(disk, new OutputFolder(disk, FOLDER), files),
    );
    assert.equal(putBack, 1);
    assert.deepEqual(told, [{ news: { folder: FOLDER, files: FILES, reason: 'put back' }, found: ['old', 'old'] }]);
  });

  it('else nobody is told anything', async () => {
    assert.deepEqual(await startAfter(() => Promise.resolve()), { told: [], putBack: 0 });
  });
});
