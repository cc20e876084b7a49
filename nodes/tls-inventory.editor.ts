import { DialogForm } from '../src/editor/dialog-form';
import { QueryFields } from '../src/editor/query-fields';
import type { EditedNode } from '../src/editor/red';
import { labelText } from '../src/editor/text';
import { labelTyped } from '../src/editor/typed-inputs';
import { inventoryQuery, neededNode } from '../src/editor/validators';
import type { TlsInventoryConfig } from '../src/model/config/tls-inventory';

/**
 * The query: fields that are filled in here, or a typed input that says where it comes from.
 *
 * The two stored fields are hidden; the visible typed input only chooses, and holds the text of every type but the fields.
 */
function prepare(node: EditedNode<TlsInventoryConfig>): void {
  const form = new DialogForm(node, 'node-input');
  const store = form.field('query');
  const storeType = form.field('queryType');
  if (!storeType.val()) storeType.val('json');
  const fields = new QueryFields(form.part('query-fields'), store);
  const source = form.root.find('#secure-mqtt-query-source');
  const hasFields = storeType.val() === 'json' && fields.load();
  source.typedInput({
    default: hasFields ? 'filter' : String(storeType.val()),
    types: [
      { value: 'filter', label: node._('tls-inventory.query.filter'), icon: 'fa fa-filter', hasValue: false },
      'json',
      'msg',
      'flow',
      'global',
      'env',
      'jsonata',
    ],
  });
  labelTyped(form, source);
  if (!hasFields) source.typedInput('value', String(store.val() ?? ''));
  const update = (): void => {
    const type = String(source.typedInput('type'));
    const filter = type === 'filter';
    form.part('query-fields').prop('hidden', !filter);
    form.part('query-tip').prop('hidden', filter);
    const stored = filter ? 'json' : type;
    if (storeType.val() !== stored) storeType.val(stored).trigger('change');
    if (!filter && store.val() !== source.typedInput('value')) {
      store.val(source.typedInput('value')).trigger('change');
    }
  };
  source.on('change', () => {
    const type = source.typedInput('type');
    const wasFilter = !(form.part('query-fields').prop('hidden') as boolean);
    // Coming back to the fields: what was written elsewhere is taken over when they can show it, else they start empty.
    if (type === 'filter' && !wasFilter && !fields.load()) {
      store.val('{}');
      fields.load();
    }
    // Leaving them for JSON: it says what they said.
    if (type === 'json' && wasFilter) {
      form.part('query-fields').prop('hidden', true);
      source.typedInput('value', String(store.val() ?? ''));
    }
    update();
  });
  update();
}

RED.nodes.registerType<TlsInventoryConfig>('tls-inventory', {
  category: 'secure mqtt',
  color: '#8FC7B5',
  icon: 'tls-inventory.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    ca: { value: '', type: 'tls-ca', required: true, label: labelText('tls-inventory', 'ca'), validate: neededNode() },
    query: { value: '{}', label: labelText('tls-inventory', 'query'), validate: inventoryQuery('queryType') },
    queryType: { value: 'json' },
    format: { value: 'json' },
  },
  paletteLabel: 'tls inventory',
  label() {
    return this.name || 'tls inventory';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    prepare(this);
  },
});
