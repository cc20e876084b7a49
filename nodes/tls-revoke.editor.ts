import { DialogForm } from '../src/editor/dialog-form';
import { suggestTypedNames } from '../src/editor/name-suggestions';
import { labelText } from '../src/editor/text';
import { typedText } from '../src/editor/typed-inputs';
import { neededNode, selector } from '../src/editor/validators';
import type { TlsRevokeConfig } from '../src/model/config/tls-revoke';

RED.nodes.registerType<TlsRevokeConfig>('tls-revoke', {
  category: 'secure mqtt',
  color: '#8FC7B5',
  icon: 'tls-revoke.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    ca: { value: '', type: 'tls-ca', required: true, label: labelText('tls-revoke', 'ca'), validate: neededNode() },
    selector: { value: '', label: labelText('tls-revoke', 'selector'), validate: selector('selectorType') },
    selectorType: { value: 'str' },
    reason: { value: 'unspecified' },
    all: { value: false },
  },
  paletteLabel: 'tls revoke',
  label() {
    return this.name || `tls revoke ${this.selectorType === 'str' ? this.selector : ''}`.trim();
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    const form = new DialogForm(this, 'node-input');
    typedText(form, 'selector');
    suggestTypedNames(form, 'selector');
  },
});
