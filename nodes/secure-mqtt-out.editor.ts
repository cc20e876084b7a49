import { DialogForm } from '../src/editor/dialog-form';
import { showMqtt5Parts } from '../src/editor/mqtt5';
import { labelText } from '../src/editor/text';
import { jsonObject, neededNode, topicName, wholeNumber } from '../src/editor/validators';
import type { SecureMqttOutConfig } from '../src/model/config/secure-mqtt-out';

RED.nodes.registerType<SecureMqttOutConfig>('secure-mqtt-out', {
  category: 'secure mqtt',
  color: '#C9B2DE',
  icon: 'secure-mqtt-out.svg',
  align: 'right',
  inputs: 1,
  outputs: 0,
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    broker: {
      value: '',
      type: 'secure-mqtt-broker-config',
      required: true,
      label: labelText('secure-mqtt-out', 'broker'),
      validate: neededNode(),
    },
    topic: { value: '', label: labelText('secure-mqtt-out', 'topic'), validate: topicName() },
    qos: { value: '' },
    retain: { value: '' },
    respTopic: { value: '', label: labelText('secure-mqtt-out', 'respTopic'), validate: topicName() },
    contentType: { value: '' },
    userProps: { value: '', label: labelText('secure-mqtt-out', 'userProps'), validate: jsonObject() },
    correl: { value: '' },
    expiry: {
      value: '',
      label: labelText('secure-mqtt-out', 'expiry'),
      validate: wholeNumber({ min: 0, max: 4294967295, blank: true }),
    },
  },
  paletteLabel: 'secure mqtt out',
  label() {
    return this.name || this.topic || 'secure mqtt';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    showMqtt5Parts(new DialogForm(this, 'node-input'));
  },
});
