import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ExportPlan } from '../../src/export/export-plan';
import { planExport } from '../../src/export/layouts';
import type { KeyType } from '../../src/model/key-type';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { compileSketch, headerTexts, runSketch } from '../support/arduino';
import { SampleAuthority } from '../support/sample-export';
import { temporaryFolder } from '../support/temporary-folder';

function write({ files }: ExportPlan): string {
  const folder = temporaryFolder();
  for (const { name, content } of files) writeFileSync(path.join(folder, name), content);
  return folder;
}

describe('sketches', () => {
  for (const core of ['esp8266', 'esp32'] as const) {
    for (const keyType of ['ec-p256', 'rsa-2048'] as KeyType[]) {
      it(`${core}, ${keyType}: the sketch compiles, with texts and with files, and says what is in the header`, async () => {
        const sample = await SampleAuthority.create({ intermediate: true, keyType });
        const device = await sample.issue('device', 'dev01');
        const folder = write(await planExport(core, sample.input([device], { brokerHost: 'broker.local' })));
        assert.equal(compileSketch(core, folder), '');
        assert.equal(compileSketch(core, folder, '-DFROM_LITTLEFS=1'), '');
        assert.deepEqual(headerTexts(folder, 'dev01.h'), {
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
      assert.equal(compileSketch(core, folder), '');
      assert.equal(compileSketch(core, folder, '-DFROM_LITTLEFS=1'), '');
    });

    it(`${core}: hostile names stay text`, async () => {
      const sample = await SampleAuthority.create();
      const device = await sample.issue('device', '"; system("x"); // \\ ??/ ü');
      const plan = await planExport(core, sample.input([device], { brokerHost: '"\\n' }));
      const folder = write(plan);
      assert.equal(compileSketch(core, folder), '');
      const header = plan.files.find(({ name }) => name.endsWith('.h'))?.name ?? '';
      assert.equal(headerTexts(folder, header).DEVICE_NAME, device.commonName);
    });
  }

  it('talks as the sketch of the workshop: its topics, its reading, its interval', async () => {
    const sample = await SampleAuthority.create({ keyType: 'rsa-2048' });
    const plan = await planExport('esp8266', sample.input([await sample.issue('device', 'dev01')], { brokerHost: 'broker.local' })); // prettier-ignore
    const lines = runSketch(write(plan)).filter((line) => !/^(certificates|key) \d+$/.test(line));
    const reading = 'publish dev01/status {"d":{"tmp":21.5,"hmdty":48.0}}';
    assert.deepEqual(lines, [
      'time from pool.ntp.org',
      'serial  ok',
      'verifies the broker',
      'shows RSA',
      'broker broker.local:8883',
      'connect dev01',
      'serial not connected: MQTT state -2, TLS: Chain could not be linked to a trust anchor.',
      'connect dev01',
      'serial connected to broker.local',
      'subscribe dev01/display',
      'subscribe dev01/interval',
      ...[reading, reading],
      'serial dev01/display: {"r":255,"g":0,"b":0}',
      'serial dev01/interval: {"Interval": 30}',
      `serial dev01/interval: ${'x'.repeat(63)}`,
      'every 30',
      reading,
    ]);
  });

  it('the compiler notices what is wrong', async () => {
    const sample = await SampleAuthority.create();
    const { files } = await planExport('esp32', sample.input([await sample.issue('device', 'dev01')]));
    assert.notEqual(compileSketch('esp8266', write({ files, warnings: [] })), '');
  });
});
