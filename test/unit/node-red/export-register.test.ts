import assert from 'node:assert/strict';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import type { IssuedCertificate } from '../../../src/ca/issue-request';
import { ExportRegister, type Register } from '../../../src/node-red/export-register';
import { StateFile } from '../../../src/store/state-file';
import { MemoryClock } from '../../support/memory-clock';
import { MemoryDisk } from '../../support/memory-disk';
import { authorityOptions, deviceRequest, serverRequest } from '../../support/test-authority';

const NOW = Date.parse('2030-01-15T12:00:00Z');
const AT = '2030-01-15T12:00:00.000Z';

describe('the register of exported certificates', () => {
  const disk = new MemoryDisk();
  const failures: unknown[] = [];
  const open = () => {
    return new ExportRegister(new StateFile<Register>(disk, '/user', 'export1'), (error) => failures.push(error));
  };
  let issued: IssuedCertificate[];
  const numberOf = (index: number): string => issued[index]?.serialNumber ?? '';

  before(async () => {
    const { authority } = await acquireAuthority(authorityOptions({ fs: disk, clock: new MemoryClock(NOW) }));
    issued = await authority.issue([deviceRequest('dev01'), deviceRequest('dev01'), serverRequest(['dns:dev01'])]);
  });

  it('is empty at first', async () => assert.deepEqual(await open().all(), []));

  it('knows after a restart what was exported where', async () => {
    await open().add(issued.slice(0, 1), '/out', NOW);
    assert.deepEqual(await open().all(), [{ serialNumber: numberOf(0), folder: '/out', at: AT }]);
  });

  it('puts a newer certificate in the place of the older one of the same name, folder and profile', async () => {
    const register = open();
    await register.add(issued.slice(1), '/out', NOW);
    await register.add(issued.slice(1, 2), '/elsewhere', NOW);
    const places = (await register.all()).map(({ serialNumber, folder }) => [serialNumber, folder]);
    assert.deepEqual(places, [
      [numberOf(1), '/out'],
      [numberOf(2), '/out'],
      [numberOf(1), '/elsewhere'],
    ]);
  });

  it('loses nothing of exports at the same time', async () => {
    const register = open();
    await Promise.all(issued.map((one, index) => register.add([one], `/out/${index}`, NOW)));
    assert.equal((await open().all()).length, 6);
  });

  it('a full disk is told and undoes nothing', async () => {
    const full = { read: () => Promise.resolve(undefined), write: () => Promise.reject(new Error('full')) };
    const register = new ExportRegister(full, (error) => failures.push(error));
    await register.add(issued.slice(0, 1), '/out', NOW);
    assert.equal((await register.all()).length, 1);
    assert.match(String(failures), /full/);
  });

  it('a file that cannot be read counts as empty', async () => {
    const broken = { read: () => Promise.reject(new Error('broken')), write: () => Promise.resolve() };
    assert.deepEqual(await new ExportRegister(broken, () => undefined).all(), []);
  });
});
