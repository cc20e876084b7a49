import { DialogForm, openForm } from '../src/editor/dialog-form';
import type { EditedNode } from '../src/editor/red';
import { secretTextField } from '../src/editor/secret-text-field';
import { labelText } from '../src/editor/text';
import { bindAddress, hostList, neededNode, secondPort, wholeNumber } from '../src/editor/validators';
import type { SecureMqttServerConfig } from '../src/model/config/secure-mqtt-server';

function prepare(node: EditedNode<SecureMqttServerConfig>): void {
  const form = new DialogForm(node, 'node-input');
  secretTextField(form.part('users'), form.field('users'), node._('secure-mqtt-server.placeholder.users'));
  prepareBindAddress(form);
}

/** The two addresses that nearly everybody wants as a choice; any other one in the field beside it. */
function prepareBindAddress(form: DialogForm): void {
  const choice = form.part('bind-choice');
  const address = form.field('bindAddress');
  const known = choice
    .find('option')
    .get()
    .map((option) => (option as HTMLOptionElement).value);
  const stored = String(address.val());
  choice.val(known.includes(stored) ? stored : '');
  const update = (): void => {
    const chosen = String(choice.val());
    address.prop('hidden', chosen !== '');
    if (chosen !== '') address.val(chosen).trigger('change');
  };
  choice.on('change', () => {
    update();
    if (choice.val() === '') address.val('').trigger('focus');
  });
  update();
}

RED.nodes.registerType<SecureMqttServerConfig, { users?: string }>('secure-mqtt-server', {
  category: 'secure mqtt',
  color: '#C9B2DE',
  icon: 'secure-mqtt-server.svg',
  inputs: 0,
  outputs: 1,
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    port: {
      value: 8883,
      label: labelText('secure-mqtt-server', 'port'),
      validate: wholeNumber({ min: 1, max: 65535 }),
    },
    bindAddress: { value: '127.0.0.1', label: labelText('secure-mqtt-server', 'bindAddress'), validate: bindAddress() },
    hosts: {
      value: 'localhost, 127.0.0.1',
      label: labelText('secure-mqtt-server', 'hosts'),
      validate: hostList(),
    },
    ca: {
      value: '',
      type: 'tls-ca',
      required: true,
      label: labelText('secure-mqtt-server', 'ca'),
      validate: neededNode(),
    },
    security: { value: 'mutual' },
    wsPort: {
      value: 0,
      label: labelText('secure-mqtt-server', 'wsPort'),
      validate: secondPort('port'),
    },
    acl: { value: '' },
  },
  credentials: {
    users: { type: 'password' },
  },
  paletteLabel: 'secure mqtt server',
  label() {
    return this.name || `mqtts :${this.port}`;
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave() {
    openForm(this).storeNumbers(this, ['port', 'wsPort']);
  },
});
