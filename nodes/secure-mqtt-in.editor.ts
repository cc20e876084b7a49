import { DialogForm, openForm } from '../src/editor/dialog-form';
import { showMqtt5Parts } from '../src/editor/mqtt5';
import type { EditedNode } from '../src/editor/red';
import { labelText } from '../src/editor/text';
import { neededNode, topicFilter } from '../src/editor/validators';
import type { SecureMqttInConfig } from '../src/model/config/secure-mqtt-in';

function prepare(node: EditedNode<SecureMqttInConfig>): void {
  const form = new DialogForm(node, 'node-input');
  const action = form.part('action');
  action.val(Number(node.inputs) === 1 ? '1' : '0');
  action.on('change', () => form.field('inputs').val(String(action.val())).trigger('change'));
  showMqtt5Parts(form, () => form.value('inputs') !== '1');
}

RED.nodes.registerType<SecureMqttInConfig>('secure-mqtt-in', {
  category: 'secure mqtt',
  color: '#C9B2DE',
  icon: 'secure-mqtt-in.svg',
  inputs: 0,
  outputs: 1,
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    broker: {
      value: '',
      type: 'secure-mqtt-broker-config',
      required: true,
      label: labelText('secure-mqtt-in', 'broker'),
      validate: neededNode(),
    },
    topic: { value: '', label: labelText('secure-mqtt-in', 'topic'), validate: topicFilter('inputs=0') },
    qos: { value: '2' },
    datatype: { value: 'auto-detect' },
    inputs: { value: 0 },
    nl: { value: false },
    rap: { value: true },
    rh: { value: 0 },
  },
  paletteLabel: 'secure mqtt in',
  label() {
    return this.name || (Number(this.inputs) !== 1 && this.topic) || 'secure mqtt';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave() {
    openForm(this).storeNumbers(this, ['rh']);
  },
});
