import { DialogForm, isDeployed, openForm } from '../src/editor/dialog-form';
import type { EditedNode } from '../src/editor/red';
import { secretTextField } from '../src/editor/secret-text-field';
import { labelText } from '../src/editor/text';
import { fileName, needed, neededNode, wholeNumber } from '../src/editor/validators';
import { zipDownload } from '../src/editor/zip-download';
import type { TlsExportConfig } from '../src/model/config/tls-export';

type Edited = EditedNode<TlsExportConfig> & { outputs?: number };

function prepare(node: Edited): void {
  const form = new DialogForm(node, 'node-input');
  // What an empty field stands for (src/export/export-folder.ts).
  form.watch(['layout'], () => form.field('folder').attr('placeholder', `export/${form.value('layout')}`));
  form.watch(['reload', 'write', 'layout'], () => {
    const forBroker = ['pem', 'mosquitto', 'workshop', 'thin-edge'].includes(form.value('layout'));
    const speaks = forBroker && form.value('write') === 'files' && form.value('reload') === 'message';
    form.field('outputs').val(speaks ? 2 : 1);
  });
  secretTextField(form.part('users'), form.field('users'), node._('tls-export.placeholder.users'));
  const deployed = isDeployed(node);
  form.part('deploy-first').prop('hidden', deployed);
  form.part('download').prop('hidden', !deployed);
  if (deployed) zipDownload(form.part('zip'), node.id);
}

RED.nodes.registerType<TlsExportConfig & { outputs?: number }, { passphrase?: string; users?: string }>('tls-export', {
  category: 'secure mqtt',
  color: '#8FC7B5',
  icon: 'tls-export.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    ca: { value: '', type: 'tls-ca', required: true, label: labelText('tls-export', 'ca'), validate: neededNode() },
    layout: { value: 'pem' },
    folder: { value: '', label: labelText('tls-export', 'folder') },
    write: { value: 'files' },
    baseName: { value: '', label: labelText('tls-export', 'baseName'), validate: fileName() },
    level: { value: 'mutual' },
    dialect: { value: '2.0' },
    brokerHost: {
      value: 'mosquitto',
      label: labelText('tls-export', 'brokerHost'),
      validate: needed(
        'layout=thin-edge|node-red|esp8266|esp32 or layout=pem|mosquitto|workshop write=files reload=signal|message',
      ),
    },
    brokerPort: {
      value: 8883,
      label: labelText('tls-export', 'brokerPort'),
      validate: wholeNumber({ min: 1, max: 65535 }),
    },
    targetDir: {
      value: '/mosquitto/config/cert',
      label: labelText('tls-export', 'targetDir'),
      validate: needed('layout=mosquitto|workshop|thin-edge|node-red'),
    },
    crl: { value: 'none' },
    alias: { value: '', label: labelText('tls-export', 'alias') },
    progmem: { value: false },
    legacy: { value: false },
    reload: { value: 'none' },
    pidFile: {
      value: '',
      label: labelText('tls-export', 'pidFile'),
      validate: needed('layout=pem|mosquitto|workshop|thin-edge write=files reload=signal'),
    },
    reloadTimeoutMs: {
      value: 30000,
      label: labelText('tls-export', 'reloadTimeoutMs'),
      // Blank, and absent in flows of before, means the default.
      validate: wholeNumber({ min: 1000, max: 600000, blank: true }),
    },
    outputs: { value: 1 },
  },
  credentials: {
    passphrase: { type: 'password' },
    users: { type: 'password' },
  },
  paletteLabel: 'tls export',
  label() {
    return this.name || `tls export ${this.layout}`;
  },
  outputLabels(index) {
    return index === 0 ? this._('tls-export.output.result') : this._('tls-export.output.reload');
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave() {
    openForm(this).storeNumbers(this, ['brokerPort', 'reloadTimeoutMs']);
  },
});
