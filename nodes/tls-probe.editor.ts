import { DialogForm, openForm } from '../src/editor/dialog-form';
import { showTypedName } from '../src/editor/login-name';
import { ProbePanel } from '../src/editor/probe-panel';
import { suggestNames } from '../src/editor/name-suggestions';
import type { EditedNode } from '../src/editor/red';
import { probeTarget } from '../src/editor/target-validator';
import { labelText } from '../src/editor/text';
import { typedTarget } from '../src/editor/typed-inputs';
import { needed, neededNode, threshold, wholeNumber } from '../src/editor/validators';
import type { TlsProbeConfig } from '../src/model/config/tls-probe';

interface Credentials {
  username?: string;
  password?: string;
  passphrase?: string;
}

const SEVERITIES = ['ok', 'warning', 'critical'];

/** The configuration with the number of output ports, which the editor alone keeps. */
type Edited = EditedNode<TlsProbeConfig> & { outputs?: number };

function prepare(node: Edited): void {
  const form = new DialogForm(node, 'node-input');
  typedTarget(form, 'target');
  showTypedName(form, 'username');
  suggestNames(form, 'identityName');
  new ProbePanel(form.part('now'), form, node, {
    start: node._('tls-probe.now.start'),
    about: node._('tls-probe.now.about'),
  });
  // The number of wires follows the tick at once, so that the editor keeps or drops them as it saves.
  form.watch(['split'], () => form.field('outputs').val(form.value('split') === 'true' ? SEVERITIES.length : 1));
}

RED.nodes.registerType<TlsProbeConfig, Credentials>('tls-probe', {
  category: 'secure mqtt',
  color: '#EBCB8B',
  icon: 'tls-probe.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    target: { value: '', label: labelText('tls-probe', 'target'), validate: probeTarget('targetType') },
    targetType: { value: 'str' },
    servername: { value: '' },
    family: { value: 0 },
    broker: { value: '', type: 'secure-mqtt-broker-config', required: false, label: labelText('tls-probe', 'broker') },
    trust: { value: 'ca' },
    ca: {
      value: '',
      type: 'tls-ca',
      label: labelText('tls-probe', 'ca'),
      validate: neededNode('broker= trust=ca or broker= identity=issue|store'),
    },
    caFile: { value: '', label: labelText('tls-probe', 'caFile'), validate: needed('broker= trust=file') },
    crlFile: { value: '', label: labelText('tls-probe', 'crlFile') },
    identity: { value: 'none' },
    identityName: {
      value: '',
      label: labelText('tls-probe', 'identityName'),
      validate: needed('broker= identity=issue|store'),
    },
    certFile: { value: '', label: labelText('tls-probe', 'certFile'), validate: needed('broker= identity=file') },
    keyFile: { value: '', label: labelText('tls-probe', 'keyFile'), validate: needed('broker= identity=file') },
    mqtt: { value: true },
    warnBefore: { value: '33%', label: labelText('tls-probe', 'warnBefore'), validate: threshold() },
    criticalBefore: { value: '10%', label: labelText('tls-probe', 'criticalBefore'), validate: threshold() },
    timeoutMs: {
      value: 10000,
      label: labelText('tls-probe', 'timeoutMs'),
      validate: wholeNumber({ min: 100, max: 600000 }),
    },
    concurrency: {
      value: 8,
      label: labelText('tls-probe', 'concurrency'),
      validate: wholeNumber({ min: 1, max: 100 }),
    },
    repeatSeconds: {
      value: 0,
      label: labelText('tls-probe', 'repeatSeconds'),
      validate: wholeNumber({ min: 0, max: 2_000_000 }),
    },
    split: { value: false },
    emit: { value: 'always' },
    outputs: { value: 1 },
  },
  credentials: {
    username: { type: 'password' },
    password: { type: 'password' },
    passphrase: { type: 'password' },
  },
  paletteLabel: 'tls probe',
  label() {
    return this.name || (this.targetType === 'str' && this.target) || 'tls probe';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  outputLabels(index) {
    const severity = SEVERITIES[index];
    return this.split && severity ? this._(`tls-probe.output.${severity}`) : '';
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave() {
    openForm(this).storeNumbers(this, ['timeoutMs', 'concurrency', 'repeatSeconds', 'family']);
  },
});
