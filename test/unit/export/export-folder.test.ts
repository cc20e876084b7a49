import assert from 'node:assert/strict';
import path from 'node:path';
import { exportFolder } from '../../../src/export/export-folder';

const USER_DIR = path.resolve('/home/pi/.node-red');
const FORBIDDEN = [path.join(USER_DIR, 'pki', 'workshop'), path.join(USER_DIR, '.secure-mqtt')];

describe('export folder', () => {
  const table: [configured: string, expected: string][] = [
    ['', 'export/workshop'],
    ['  ', 'export/workshop'],
    ['broker', 'broker'],
    ['a/b/', 'a/b'],
    ['pki', 'pki'],
    ['pki/workshop-export', 'pki/workshop-export'],
    ['pki/..workshop', 'pki/..workshop'],
    ['../certificates', '../certificates'],
    ['/etc/mosquitto/certs', '/etc/mosquitto/certs'],
  ];
  for (const [configured, expected] of table) {
    it(`${JSON.stringify(configured)} is ${expected}`, () => {
      const folder = exportFolder({ folder: configured, layout: 'workshop' }, USER_DIR, FORBIDDEN);
      assert.equal(folder, path.resolve(USER_DIR, expected));
    });
  }

  for (const configured of [
    'pki/workshop',
    'pki/workshop/private',
    'x/../pki/workshop/',
    '.secure-mqtt',
    'a\nb',
    'a\0b',
  ]) {
    it(`${JSON.stringify(configured)} is refused`, () => {
      assert.throws(() => exportFolder({ folder: configured, layout: 'pem' }, USER_DIR, FORBIDDEN), {
        code: 'INPUT_FOLDER',
      });
    });
  }
});
