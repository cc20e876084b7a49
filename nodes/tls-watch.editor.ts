import { DialogForm, openForm } from '../src/editor/dialog-form';
import type { EditedNode } from '../src/editor/red';
import { labelText } from '../src/editor/text';
import { eventList, neededNode } from '../src/editor/validators';
import { AUTHORITY_EVENTS } from '../src/model/authority-event-name';
import type { TlsWatchConfig } from '../src/model/config/tls-watch';

function prepare(node: EditedNode<TlsWatchConfig>): void {
  const form = new DialogForm(node, 'node-input');
  const chosen = node.events ?? [];
  for (const event of AUTHORITY_EVENTS) form.part(`event-${event}`).prop('checked', chosen.includes(event));
  const update = (): void => void form.part('none').prop('hidden', ticked(form).length > 0);
  form.root.on('change', update);
  update();
}

function ticked(form: DialogForm): TlsWatchConfig['events'] {
  return AUTHORITY_EVENTS.filter((event) => form.part(`event-${event}`).prop('checked') === true);
}

RED.nodes.registerType<TlsWatchConfig>('tls-watch', {
  category: 'secure mqtt',
  color: '#EBCB8B',
  icon: 'tls-watch.svg',
  inputs: 0,
  outputs: 1,
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    ca: { value: '', type: 'tls-ca', required: true, label: labelText('tls-watch', 'ca'), validate: neededNode() },
    events: {
      value: [
        'due',
        'expiring',
        'expired',
        'issued',
        'renewed',
        'revoked',
        'crl-refreshed',
        'crl-overdue',
        'ca-expiring',
      ],
      label: labelText('tls-watch', 'events'),
      validate: eventList(),
    },
  },
  paletteLabel: 'tls watch',
  label() {
    return this.name || 'tls watch';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave() {
    this.events = ticked(openForm(this));
  },
});
