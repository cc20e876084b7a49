import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ExportPlan } from '../../src/export/export-plan';
import { planExport } from '../../src/export/layouts';
import type { KeyType } from '../../src/model/key-type';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { SampleAuthority } from '../support/sample-export';
import { temporaryFolder } from '../support/temporary-folder';

const STUBS = path.join(__dirname, '../fixtures/arduino');

function write({ files }: ExportPlan): string {
  const folder = temporaryFolder();
  for (const { name, content } of files) writeFileSync(path.join(folder, name), content);
  return folder;
}

/** The C++ compiler on the sketch, against declarations of the Arduino core. */
function compile(core: string, folder: string, ...options: string[]): string {
  const includes = ['shared-core', core].map((one) => `-I${path.join(STUBS, one)}`);
  const strict = ['-std=gnu++17', '-fsyntax-only', '-Wall', '-Wextra', '-Werror', '-Wno-unused-variable'];
  const sketch = ['-include', 'Arduino.h', '-x', 'c++', 'mqtt_over_tls.ino'];
  return spawnSync('g++', [...strict, ...includes, ...options, ...sketch], { cwd: folder, encoding: 'utf8' }).stderr;
}

/** What a program sees in the texts of a header. */
function literals(folder: string, header: string): Record<string, string> {
  const names = ['ca_certificate', 'device_certificate', 'device_private_key', 'DEVICE_NAME'];
  const source = [
    '#include <cstdio>',
    '#define PROGMEM',
    `#include "${header}"`,
    'int main() {',
    ...names.map((name) => `  fputs(${name}, stdout); fputc(0, stdout);`),
    '}',
  ];
  writeFileSync(path.join(folder, 'literals.cpp'), source.join('\n'));
  execFileSync('g++', ['-o', 'literals', 'literals.cpp'], { cwd: folder });
  const texts = execFileSync('./literals', { cwd: folder, encoding: 'utf8' }).split('\0');
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}

describe('sketches', () => {
  for (const core of ['esp8266', 'esp32'] as const) {
    for (const keyType of ['ec-p256', 'rsa-2048'] as KeyType[]) {
      it(`${core}, ${keyType}: the sketch compiles, with texts and with files, and says what is in the header`, async () => {
        const sample = await SampleAuthority.create({ intermediate: true, keyType });
        const device = await sample.issue('device', 'dev01');
        const folder = write(await planExport(core, sample.input([device], { brokerHost: 'broker.local' })));
        assert.equal(compile(core, folder), '');
        assert.equal(compile(core, folder, '-DFROM_LITTLEFS=1'), '');
        assert.deepEqual(literals(folder, 'dev01.h'), {
          ca_certificate: sample.root.certificate.pem,
          device_certificate: device.certificate.pem + sample.issuer.certificate.pem,
          device_private_key: secretPrivateKeyPem(device.secretPrivateKey),
          DEVICE_NAME: 'dev01',
        });
      });
    }

    it(`${core}: without a device certificate it verifies the broker only`, async () => {
      const sample = await SampleAuthority.create();
      const folder = write(await planExport(core, sample.input([await sample.server()])));
      assert.equal(compile(core, folder), '');
      assert.equal(compile(core, folder, '-DFROM_LITTLEFS=1'), '');
    });

    it(`${core}: hostile names stay text`, async () => {
      const sample = await SampleAuthority.create();
      const device = await sample.issue('device', '"; system("x"); // \\ ??/ ü');
      const plan = await planExport(core, sample.input([device], { brokerHost: '"\\n' }));
      const folder = write(plan);
      assert.equal(compile(core, folder), '');
      const header = plan.files.find(({ name }) => name.endsWith('.h'))?.name ?? '';
      assert.equal(literals(folder, header).DEVICE_NAME, device.commonName);
    });
  }

  it('the compiler notices what is wrong', async () => {
    const sample = await SampleAuthority.create();
    const { files } = await planExport('esp32', sample.input([await sample.issue('device', 'dev01')]));
    assert.notEqual(compile('esp8266', write({ files, warnings: [] })), '');
  });
});
