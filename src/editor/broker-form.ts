import type { SecureMqttBrokerConfig } from '../model/config/secure-mqtt-broker-config';
import { brokerAddressField } from './broker-address-field';
import { coreBrokersField } from './core-brokers-field';
import { DialogForm } from './dialog-form';
import { showTypedName } from './login-name';
import { suggestTypedNames } from './name-suggestions';
import { pemUpload } from './pem-upload';
import { ProbePanel } from './probe-panel';
import type { EditedNode } from './red';
import { secretTextField } from './secret-text-field';
import { makeTabs } from './tabs';
import { typedSettings, visibleField } from './typed-inputs';
import { verificationHint } from './verification-hint';

/** Texts that may come from an environment variable. */
const SETTINGS = [
  'broker',
  'path',
  'clientId',
  'caFile',
  'servername',
  'identityName',
  'certFile',
  'keyFile',
  'p12File',
  'pin',
  'alpn',
  'birthTopic',
  'birthPayload',
  'closeTopic',
  'closePayload',
  'willTopic',
  'willPayload',
];

function label(node: EditedNode<SecureMqttBrokerConfig>, field: string): string {
  return node._(`secure-mqtt-broker-config.label.${field}`);
}

/** Bring the form of a broker to life: tabs, test, uploads, look-ups. */
export function prepareBrokerForm(node: EditedNode<SecureMqttBrokerConfig>): void {
  const form = new DialogForm(node, 'node-config-input');
  makeTabs('secure-mqtt-broker-tabs', [
    { id: 'secure-mqtt-broker-connection', label: node._('secure-mqtt-broker-config.tab.connection') },
    { id: 'secure-mqtt-broker-security', label: node._('secure-mqtt-broker-config.tab.security') },
    { id: 'secure-mqtt-broker-messages', label: node._('secure-mqtt-broker-config.tab.messages') },
    { id: 'secure-mqtt-broker-core', label: node._('secure-mqtt-broker-config.tab.core') },
  ]);
  new ProbePanel(form.part('test'), form, node, {
    start: node._('secure-mqtt-broker-config.test.start'),
    about: node._('secure-mqtt-broker-config.test.about'),
  });
  secretTextField(form.part('key-pem'), form.field('keyPem'), '-----BEGIN PRIVATE KEY-----');
  pemUpload(form, form.part('upload-ca'), { certificates: 'caPem', label: label(node, 'caPem') });
  pemUpload(form, form.part('upload-certificate'), {
    certificates: 'certPem',
    secretKey: 'keyPem',
    label: label(node, 'certPem'),
  });
  pemUpload(form, form.part('upload-key'), { secretKey: 'keyPem', label: label(node, 'keyPem') });
  typedSettings(form, SETTINGS);
  brokerAddressField(form, form.part('address'));
  coreBrokersField(form, node);
  verificationHint(form, form.part('servers'));
  showTypedName(form, 'username');
  suggestTypedNames(form, 'identityName');
  form.watch(['clientId', 'identity'], () => {
    const name = form.value('clientId') || node._('secure-mqtt-broker-config.placeholder.identityName');
    visibleField(form, 'identityName').attr('placeholder', name);
  });
}
