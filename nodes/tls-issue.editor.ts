import { DialogForm, openForm } from '../src/editor/dialog-form';
import { issueCompatibility, lacksName } from '../src/editor/issue-compatibility';
import { NameListField } from '../src/editor/name-list-field';
import type { EditedNode } from '../src/editor/red';
import { labelText } from '../src/editor/text';
import { labelTyped, typedNumber, typedText } from '../src/editor/typed-inputs';
import { neededNode, subjectAltNames, subjectField, typedWholeNumber } from '../src/editor/validators';
import type { TlsIssueConfig } from '../src/model/config/tls-issue';

const SUBJECT_FIELDS = ['commonName', 'organization', 'organizationalUnit', 'country', 'state', 'locality'] as const;
const OVERRIDES = ['profile', 'action'] as const;

function prepare(node: EditedNode<TlsIssueConfig>): void {
  const form = new DialogForm(node, 'node-input');
  for (const field of SUBJECT_FIELDS) typedText(form, field);
  typedNumber(form, 'validityDays');
  prepareNames(node, form);
  issueCompatibility(form, form.part('compatibility'));
  for (const choice of OVERRIDES) {
    form.part(`override-${choice}`).prop('checked', (node.allowOverride ?? []).includes(choice));
  }
}

/**
 * The names of the certificate: a list that is written here, or a typed input that says where they come from.
 *
 * The two stored fields are hidden; the visible typed input only chooses, and holds the text of every type but the list.
 */
function prepareNames(node: EditedNode<TlsIssueConfig>, form: DialogForm): void {
  const store = form.field('subjectAltNames');
  const storeType = form.field('subjectAltNamesType');
  if (!storeType.val()) storeType.val('json');
  const list = new NameListField(form.root.find('#secure-mqtt-names'), store);
  const source = form.root.find('#secure-mqtt-names-source');
  const isList = storeType.val() === 'json' && list.load();
  source.typedInput({
    default: isList ? 'list' : String(storeType.val()),
    types: [
      { value: 'list', label: node._('tls-issue.names.list'), icon: 'fa fa-list', hasValue: false },
      'json',
      'msg',
      'flow',
      'global',
      'env',
      'jsonata',
    ],
  });
  labelTyped(form, source);
  if (!isList) source.typedInput('value', String(store.val() ?? ''));
  const update = (): void => {
    const type = String(source.typedInput('type'));
    form.part('names').prop('hidden', type !== 'list');
    const stored = type === 'list' ? 'json' : type;
    if (storeType.val() !== stored) storeType.val(stored).trigger('change');
    if (type !== 'list' && store.val() !== source.typedInput('value')) {
      store.val(source.typedInput('value')).trigger('change');
    }
  };
  source.on('change', () => {
    const wasHidden = form.part('names').prop('hidden') as boolean;
    const chosen = source.typedInput('type') === 'list';
    // Coming back to the list: what was written elsewhere is taken over when it is a list, else it starts empty.
    if (chosen && wasHidden && !list.load()) {
      store.val('[]');
      list.load();
    }
    update();
  });
  update();
  form.watch(['profile', 'action', 'commonName', 'commonNameType', 'subjectAltNames', 'subjectAltNamesType'], () => {
    form.part('needs-name').prop('hidden', !lacksName(form));
  });
}

function save(node: EditedNode<TlsIssueConfig>): void {
  const form = openForm(node);
  node.allowOverride = OVERRIDES.filter((choice) => form.part(`override-${choice}`).prop('checked') === true);
}

RED.nodes.registerType<TlsIssueConfig>('tls-issue', {
  category: 'secure mqtt',
  color: '#8FC7B5',
  icon: 'tls-issue.svg',
  inputs: 1,
  outputs: 1,
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    ca: { value: '', type: 'tls-ca', required: true, label: labelText('tls-issue', 'ca'), validate: neededNode() },
    action: { value: 'issue' },
    profile: { value: 'server' },
    commonName: { value: '', label: labelText('tls-issue', 'commonName'), validate: subjectField('commonName') },
    commonNameType: { value: 'str' },
    organization: { value: '', label: labelText('tls-issue', 'organization'), validate: subjectField('organization') },
    organizationType: { value: 'str' },
    organizationalUnit: {
      value: '',
      label: labelText('tls-issue', 'organizationalUnit'),
      validate: subjectField('organizationalUnit'),
    },
    organizationalUnitType: { value: 'str' },
    country: { value: '', label: labelText('tls-issue', 'country'), validate: subjectField('country') },
    countryType: { value: 'str' },
    state: { value: '', label: labelText('tls-issue', 'state'), validate: subjectField('state') },
    stateType: { value: 'str' },
    locality: { value: '', label: labelText('tls-issue', 'locality'), validate: subjectField('locality') },
    localityType: { value: 'str' },
    subjectAltNames: {
      value: '[]',
      label: labelText('tls-issue', 'subjectAltNames'),
      validate: subjectAltNames('subjectAltNamesType'),
    },
    subjectAltNamesType: { value: 'json' },
    keyType: { value: '' },
    validityDays: {
      value: '',
      label: labelText('tls-issue', 'validityDays'),
      validate: typedWholeNumber('validityDaysType', { min: 1, max: 36500, blank: true }),
    },
    validityDaysType: { value: 'num' },
    rekey: { value: true },
    fromRequest: { value: 'names' },
    privateKeyTo: { value: 'store' },
    ipAsDns: { value: false },
    allowOverride: { value: [] },
  },
  paletteLabel: 'tls issue',
  label() {
    return this.name || (this.commonNameType === 'str' && this.commonName) || 'tls issue';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave() {
    save(this);
  },
});
