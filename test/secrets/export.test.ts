import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import helper from 'node-red-node-test-helper';
import tlsCa = require('../../nodes/tls-ca');
import tlsExport = require('../../nodes/tls-export');
import tlsIssue = require('../../nodes/tls-issue');
import type { ExportResult } from '../../src/export/export-result';
import type { ZipSource } from '../../src/export/zip';
import type { CertificateResult } from '../../src/model/certificate-result';
import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { EXPORT_LAYOUTS, TLS_EXPORT_DEFAULTS, type TlsExportConfig } from '../../src/model/config/tls-export';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import type { TlsCaNode } from '../../src/node-red/authority-node';
import { Canaries, type Sighting } from '../support/canary';
import { Flows } from '../support/flows';

const CA_PASSPHRASE = 'passphrase of the CA 8f2b61';
const EXPORT_PASSPHRASE = 'passphrase of the export c40d93';
const USER_PASSWORD = 'password of dev02 77ae15';

/** Certificates of a server and a device, exported by every layout, and every secret known to the test. */
describe('secrets of issue and export', () => {
  let flows: Flows;
  let shown: unknown[];
  /** Passphrases, passwords and the key of the CA: in no place at all. */
  let never: Canaries;
  /** Keys of the issued certificates: only where the node was told to put them. */
  let leafKeys: Canaries;
  let issued: CertificateResult[];

  async function start(config: Partial<TlsExportConfig>, passphrase?: string): Promise<void> {
    const users = JSON.stringify([{ name: 'dev02', password: USER_PASSWORD }]);
    const tab = { z: 'tab' };
    flows = await Flows.start(
      [tlsCa, tlsIssue, tlsExport],
      [
        { id: 'ca', type: 'tls-ca', ...TLS_CA_DEFAULTS, name: 'Test CA', folder: 'pki/test' },
        { id: 'issueBroker', type: 'tls-issue', ...TLS_ISSUE_DEFAULTS, ca: 'ca', commonName: 'broker', subjectAltNames: '["dns:localhost"]', ...tab, wires: [['issued']] }, // prettier-ignore
        { id: 'issueDevices', type: 'tls-issue', ...TLS_ISSUE_DEFAULTS, ca: 'ca', profile: 'device', ...tab, wires: [['issued']] }, // prettier-ignore
        { id: 'issued', type: 'helper', ...tab },
        { id: 'export', type: 'tls-export', ...TLS_EXPORT_DEFAULTS, ca: 'ca', folder: 'out', ...config, ...tab, wires: [['out']] }, // prettier-ignore
        { id: 'out', type: 'helper', ...tab },
        { id: 'tab', type: 'tab' },
      ],
      { ca: { passphrase: CA_PASSPHRASE }, export: { passphrase, users } },
    );
    shown = [];
    for (const id of ['ca', 'issueBroker', 'issueDevices', 'export']) {
      for (const event of ['call:status', 'call:error', 'call:warn', 'call:log', 'call:send']) {
        flows.node(id).on(event as never, ((call: { args: unknown[] }) => shown.push({ id, event, args: call.args })) as never); // prettier-ignore
      }
    }
    const one = await flows.send('issueBroker', { payload: 1 }, 'issued');
    const two = await flows.send('issueDevices', { payload: 'dev01' }, 'issued');
    issued = [one.payload, two.payload] as CertificateResult[];

    const authority = await flows.node<TlsCaNode>('ca').authority();
    never = new Canaries()
      .addText('CA passphrase', CA_PASSPHRASE)
      .addText('export passphrase', EXPORT_PASSPHRASE)
      .addText('password of a user', USER_PASSWORD)
      .addKey('key of the CA', await authority.secretAuthorityKey());
    leafKeys = new Canaries();
    for (const { serialNumber, commonName } of issued) {
      leafKeys.addKey(`key of ${commonName}`, await authority.secretPrivateKey(serialNumber));
    }
  }
  afterEach(() => flows.stop());

  const logged = (): unknown[] => (helper as unknown as { log(): { args: unknown[][] } }).log().args;
  /** Whatever a person, a log or another node gets to see. */
  const visible = (canaries: Canaries, message: unknown): Sighting[] => [
    ...canaries.searchValue('message', message),
    ...canaries.searchValue('issued', issued),
    ...canaries.searchValue('shown', shown),
    ...canaries.searchValue('log', logged()),
  ];
  const run = async (): Promise<ExportResult> => {
    const { payload, error } = await flows.send('export', { payload: issued }, 'out');
    assert.equal(error, undefined, error?.message);
    return payload as ExportResult;
  };

  for (const layout of EXPORT_LAYOUTS) {
    // A key store without a passphrase is refused.
    for (const passphrase of layout === 'pkcs12' ? [EXPORT_PASSPHRASE] : [undefined, EXPORT_PASSPHRASE]) {
      const how = passphrase ? 'with' : 'without';

      it(`${layout} into files, ${how} passphrase: keys are in 0600 files and nowhere else`, async () => {
        await start({ layout }, passphrase);
        const result = await run();
        assert.deepEqual(visible(never, result), []);
        assert.deepEqual(visible(leafKeys, result), []);
        assert.deepEqual(never.searchFolder(flows.userDir), []);
        const secretFiles = result.files.filter(({ mode }) => mode === 0o600).map(({ name }) => path.join('out', name));
        assert.deepEqual(leafKeys.searchFolder(flows.userDir, (file) => secretFiles.includes(file)), []); // prettier-ignore
      });

      it(`${layout} into the message, ${how} passphrase: keys are in its 0600 files, the key of the CA is not`, async () => {
        await start({ layout, write: 'message' }, passphrase);
        const result = await run();
        assert.deepEqual(never.searchValue('message', result), []);
        const open = { ...result, files: result.files.filter(({ mode }) => mode !== 0o600) };
        assert.deepEqual(leafKeys.searchValue('message', open), []);
        assert.deepEqual(leafKeys.searchValue('log', logged()), []);
        assert.deepEqual(leafKeys.searchFolder(flows.userDir), []);
      });
    }
  }

  it('the test sees: without a passphrase the exported key is found where it is meant to be', async () => {
    await start({ layout: 'workshop' });
    await run();
    const seen = leafKeys.searchFolder(path.join(flows.userDir, 'out')).map(({ where }) => where);
    for (const name of ['mqttServer_key.pem', 'mqttServer_key_nopass.pem', 'SecuredDev01_key.key']) {
      assert.ok(seen.includes(name), name);
    }
  });

  it('the key of the CA is written encrypted with the passphrase of the export, not of the CA', async () => {
    await start({ layout: 'workshop' }, EXPORT_PASSPHRASE);
    await run();
    const key = readFileSync(path.join(flows.userDir, 'out', 'rootCA_key.pem'));
    createPrivateKey({ key, passphrase: EXPORT_PASSPHRASE });
    assert.throws(() => createPrivateKey({ key, passphrase: CA_PASSPHRASE }));
  });

  it('a zip holds what the files would hold, and no passphrase', async () => {
    await start({ layout: 'workshop' }, EXPORT_PASSPHRASE);
    const { bytes } = await (flows.node('export') as unknown as ZipSource).zip();
    assert.deepEqual(never.search('zip', bytes), []);
  });

  it('failures name no secret', async () => {
    await start({ layout: 'mosquitto', targetDir: 'x\ny' }, EXPORT_PASSPHRASE);
    const { error } = await flows.send('export', { payload: issued }, 'out');
    assert.equal(error?.code, 'INPUT_LAYOUT');
    assert.deepEqual([...visible(never, error), ...visible(leafKeys, error)], []);
  });
});
