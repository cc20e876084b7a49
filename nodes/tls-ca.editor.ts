import { DialogForm, isDeployed, openForm } from '../src/editor/dialog-form';
import { importUpload } from '../src/editor/import-upload';
import { issuerWithRoom, tellOfRoom } from '../src/editor/issuer-field';
import { LivingCaPanel, type LivingAuthority } from '../src/editor/living-ca-panel';
import type { EditedNode } from '../src/editor/red';
import { labelText, sharedText } from '../src/editor/text';
import { disable, typedSettings, visibleField } from '../src/editor/typed-inputs';
import { nameConstraints, needed, subjectField, threshold, wholeNumber } from '../src/editor/validators';
import type { TlsCaConfig } from '../src/model/config/tls-ca';
import { slug } from '../src/model/slug';

/** What is part of the CA certificate: later changes would not reach it. */
const FIXED_FIELDS = [
  'folder',
  'source',
  'importPath',
  'pathLength',
  'commonName',
  'organization',
  'organizationalUnit',
  'country',
  'state',
  'locality',
  'keyType',
  'validityDays',
  'issuer',
  'nameConstraints',
] as const;

/** Texts that may come from an environment variable; three more stand side by side and take only `${NAME}`. */
const TYPED_FIELDS = ['folder', 'commonName', 'organization', 'organizationalUnit'] as const;

/** Fingerprint of the CA that the open dialog shows, by node: saved with the node, so that no other CA takes its place. */
const shownFingerprints = new Map<string, string>();

function folderFor(name: string): string {
  return `pki/${slug(name)}`;
}

function prepare(node: EditedNode<TlsCaConfig>): void {
  const form = new DialogForm(node, 'node-config-input');
  typedSettings(form, TYPED_FIELDS);
  // A new CA gets a name, so that OK works at once.
  if (!node.name && !node.commonName && !node.folder) form.field('name').val(sharedText('ca.default-name'));
  form.watch(['name'], () => {
    const name = form.value('name').trim();
    visibleField(form, 'commonName').attr('placeholder', name);
    visibleField(form, 'folder').attr('placeholder', folderFor(name || form.value('commonName') || 'ca'));
  });
  importUpload(form, form.part('upload'), 'importPath');
  // A CA below itself would never start.
  form.field('issuer').find(`option[value="${node.id}"]`).remove();
  tellOfRoom(form, node, labelText('tls-ca', 'issuer'));

  const card = form.part('living').get(0);
  if (!card) return;
  const panel = new LivingCaPanel(card, {
    id: node.id,
    name: node.name?.trim() || node.id,
    deployed: isDeployed(node),
    isImport: () => form.value('source') === 'import',
    onLiving: (authority) => showFixed(node, form, authority),
    onPassphrase: (secretNew) => form.field('passphrase').prop('disabled', false).val(secretNew).trigger('change'),
  });
  void panel.load();
  form.field('source').on('change', () => panel.sourceChanged());
}

function showFixed(node: EditedNode<TlsCaConfig>, form: DialogForm, authority: LivingAuthority): void {
  shownFingerprints.set(node.id, authority.fingerprint256);
  form.part('fixed').prop('hidden', false);
  form.part('upload').prop('hidden', true);
  for (const field of FIXED_FIELDS) disable(form, field);
  if (!authority.keysEncrypted) {
    form.field('passphrase').prop('disabled', true);
    form.part('passphrase-tip').prop('hidden', true);
    form.part('passphrase-late').prop('hidden', false);
  }
  // The card above says the same.
  form.part('subject').find('[aria-expanded="true"]').trigger('click');
}

function save(node: EditedNode<TlsCaConfig>): void {
  const form = openForm(node);
  const name = form.value('name').trim();
  // Stored resolved, so that a later rename moves nothing.
  if (form.value('folder').trim() === '') {
    form.field('folder').val(folderFor(name || form.value('commonName').trim() || 'ca'));
    form.field('folderType').val('str');
  }
  if (form.value('commonName').trim() === '') {
    form.field('commonName').val(name);
    form.field('commonNameType').val('str');
  }
  form.storeNumbers(node, ['validityDays', 'leafValidityDays', 'deviceValidityDays', 'crlDays']);
  node.fingerprint256 = shownFingerprints.get(node.id) ?? node.fingerprint256;
}

RED.nodes.registerType<TlsCaConfig, { passphrase?: string }>('tls-ca', {
  category: 'config',
  color: '#8FC7B5',
  icon: 'tls-ca.svg',
  defaults: {
    version: { value: 1 },
    name: { value: '' },
    folder: { value: '' },
    folderType: { value: 'str' },
    source: { value: 'create' },
    importPath: { value: '', label: labelText('tls-ca', 'importPath'), validate: needed('source=import') },
    issuer: {
      value: '',
      type: 'tls-ca',
      required: false,
      label: labelText('tls-ca', 'issuer'),
      validate: issuerWithRoom(),
    },
    pathLength: {
      value: '',
      label: labelText('tls-ca', 'pathLength'),
      validate: wholeNumber({ min: 0, max: 8, blank: true }),
    },
    commonName: { value: '', label: labelText('tls-ca', 'commonName'), validate: subjectField('commonName') },
    commonNameType: { value: 'str' },
    organization: { value: '', label: labelText('tls-ca', 'organization'), validate: subjectField('organization') },
    organizationType: { value: 'str' },
    organizationalUnit: {
      value: '',
      label: labelText('tls-ca', 'organizationalUnit'),
      validate: subjectField('organizationalUnit'),
    },
    organizationalUnitType: { value: 'str' },
    country: { value: '', label: labelText('tls-ca', 'country'), validate: subjectField('country') },
    countryType: { value: 'str' },
    state: { value: '', label: labelText('tls-ca', 'state'), validate: subjectField('state') },
    stateType: { value: 'str' },
    locality: { value: '', label: labelText('tls-ca', 'locality'), validate: subjectField('locality') },
    localityType: { value: 'str' },
    keyType: { value: 'ec-p256' },
    validityDays: {
      value: 3650,
      label: labelText('tls-ca', 'validityDays'),
      validate: wholeNumber({ min: 1, max: 36500 }),
    },
    leafValidityDays: {
      value: 397,
      label: labelText('tls-ca', 'leafValidityDays'),
      validate: wholeNumber({ min: 1, max: 36500 }),
    },
    deviceValidityDays: {
      value: 1825,
      label: labelText('tls-ca', 'deviceValidityDays'),
      validate: wholeNumber({ min: 1, max: 36500 }),
    },
    renewBefore: { value: '33%', label: labelText('tls-ca', 'renewBefore'), validate: threshold() },
    crlDays: { value: 30, label: labelText('tls-ca', 'crlDays'), validate: wholeNumber({ min: 1, max: 3650 }) },
    nameConstraints: { value: '', label: labelText('tls-ca', 'nameConstraints'), validate: nameConstraints() },
    fingerprint256: { value: '' },
  },
  credentials: {
    passphrase: { type: 'password' },
  },
  paletteLabel: 'tls-ca',
  label() {
    return this.name || this.commonName || 'tls-ca';
  },
  oneditprepare() {
    prepare(this);
  },
  oneditsave() {
    save(this);
  },
});
