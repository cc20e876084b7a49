import { conditionHolds, parseCondition } from './condition';
import { runsNow } from './deployed-node';
import { makeSections } from './section';
import { fillMissingSettings } from './missing-settings';
import { addStyle } from './style';
import type { EditedNode } from './red';
import { sharedText } from './text';

/** Where the form of a node stands: the ids of its fields start with it. */
export type FieldPrefix = 'node-input' | 'node-config-input';

/** The forms that are open, by node: validators read the values that are being typed from here. */
const openForms = new Map<string, DialogForm>();

/** The dialog of one node: its fields by property name, and which parts of it apply. */
export class DialogForm {
  readonly root: JQuery;

  /**
   * @param node the node that is edited
   * @param prefix `node-config-input` for config nodes
   */
  constructor(
    node: EditedNode<unknown>,
    private readonly prefix: FieldPrefix,
  ) {
    addStyle();
    knowAbsentSecrets(node);
    this.root = $(`#${prefix}-name`).closest('.secure-mqtt-form');
    fillMissingSettings(node, (name) => this.field(name));
    makeSections(this.root);
    this.tellOfNoCa();
    openForms.set(node.id, this);
    // Fields change by typing, by typed inputs and by the editor itself, which fills config node selectors later and
    // lets them pass through an empty value: parts are shown and hidden here, never cleared.
    this.root.on('change input', () => this.showWhatApplies());
    this.showWhatApplies();
    // The form stands in the page before the editor has asked for its credentials and filled it.
    this.root.attr('data-filled', 'true');
  }

  /** The field of a property or a credential. */
  field(name: string): JQuery {
    return this.root.find(`#${this.prefix}-${name}`);
  }

  /** What stands in a field now; a check box answers `true` or `false`. */
  value(name: string): string {
    const field = this.field(name);
    if (field.is(':checkbox')) return String(field.prop('checked'));
    const value = String(field.val() ?? '');
    return value === '_ADD_' ? '' : value;
  }

  /** Call back at once and whenever one of the fields changes. */
  watch(names: readonly string[], update: () => void): void {
    for (const name of names) this.field(name).on('change input', update);
    update();
  }

  /** An element of the form by its `data-part` name. */
  part(name: string): JQuery {
    return this.root.find(`[data-part="${name}"]`);
  }

  /**
   * Store numbers as numbers when the dialog is saved; the editor would store the text of the field.
   *
   * It compares loosely afterwards (`8883 == "8883"`), so the number stays.
   */
  storeNumbers<Config extends object>(node: EditedNode<Config>, names: readonly (keyof Config & string)[]): void {
    for (const name of names) {
      const text = this.value(name).trim();
      // What is no number stays what was typed: the validator marks it.
      if (text !== '' && Number.isFinite(Number(text))) Object.assign(node, { [name]: Number(text) });
    }
  }

  /** Below an empty choice of a CA: where one comes from. Who starts with an empty flow has none yet. */
  private tellOfNoCa(): void {
    const tip = $('<div>', { class: 'secure-mqtt-tip', 'data-when': 'ca=' }).text(sharedText('ca.choose'));
    this.field('ca').closest('.form-row').append(tip);
  }

  private showWhatApplies(): void {
    for (const element of this.root.find('[data-when]').get()) {
      const condition = parseCondition(element.dataset.when ?? '');
      element.hidden = !conditionHolds(condition, (field) => this.value(field));
    }
  }

  /** True while the dialog stands in the page. */
  get isOpen(): boolean {
    return Boolean(this.root[0]?.isConnected);
  }
}

/**
 * Say of every credential that was never set that it is absent. The editor knows this only of nodes of which another one is
 * set, and takes an empty field of the others for a change, so that looking at a broker would reconnect it.
 */
function knowAbsentSecrets(node: EditedNode<unknown>): void {
  const { credentials, _def } = node as EditedNode<unknown> & { _def: { credentials?: object } };
  if (!credentials) return;
  for (const name of Object.keys(_def.credentials ?? {})) credentials[`has_${name}`] ??= false;
}

/** The open dialog of a node; for the moment of saving, when only the node is at hand. */
export function openForm(node: EditedNode<unknown>): DialogForm {
  const form = openForms.get(node.id);
  if (!form) throw new Error(`the dialog of ${node.id} is not open`);
  return form;
}

/** The value of a property as a text. A flow of somebody else may hold anything, and not every object becomes a text. */
export function fieldText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

/**
 * A property as it stands in the open dialog of this node, else as it is stored.
 *
 * The editor validates nodes without their dialog too (import, deploy), then `this` holds the stored values.
 */
export function currentValue(node: EditedNode<unknown>, name: string): string {
  const form = openForms.get(node.id);
  if (form?.isOpen && form.field(name).length > 0) return form.value(name);
  return fieldText((node as unknown as Record<string, unknown>)[name]);
}

/** True when the runtime runs this node as the editor shows it; only then it can be asked about the node. */
export function isDeployed(node: EditedNode<unknown>): boolean {
  return Boolean(RED.nodes.node(node.id)) && !(node as { changed?: boolean }).changed && runsNow(node.id);
}
