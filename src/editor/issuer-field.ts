import type { TlsCaConfig } from '../model/config/tls-ca';
import { tooDeep } from '../model/ca-tiers';
import { currentValue, type DialogForm } from './dialog-form';
import type { EditedNode, Validator } from './red';
import { sharedText } from './text';

/**
 * The CA above. One that allows none below itself is told here: the deploy would fail, and an intermediate made with
 * defaults cannot be mended afterwards.
 */
export function issuerWithRoom(): Validator<TlsCaConfig> {
  return function (value, options) {
    const id = chosen(value);
    if (id === '') return true;
    if (!RED.nodes.node(id)) return sharedText('invalid.noSuchNode', { label: options?.label });
    return noRoom(this, id, options?.label) ?? true;
  };
}

/** Show the same below the field: a reason that appears only under the mouse comes too late. */
export function tellOfRoom(form: DialogForm, node: EditedNode<TlsCaConfig>, label: string): void {
  const alert = $('<div>', { class: 'secure-mqtt-alert', role: 'alert' });
  form.field('issuer').closest('.form-row').append(alert);
  form.watch(['issuer', 'pathLength', 'source'], () => {
    const problem = noRoom(node, chosen(form.value('issuer')), label);
    alert.text(problem ?? '').prop('hidden', problem === undefined);
  });
}

function noRoom(node: EditedNode<TlsCaConfig>, id: string, label = ''): string | undefined {
  const issuer = RED.nodes.node(id) as EditedNode<TlsCaConfig> | null;
  if (!issuer) return undefined;
  const problem = tooDeep(
    { source: currentValue(node, 'source'), pathLength: currentValue(node, 'pathLength') },
    issuer,
  );
  return problem && sharedText('invalid.noRoom', { ...problem, label, issuer: issuer.name || issuer.commonName || id });
}

function chosen(value: unknown): string {
  return typeof value === 'string' && value !== '_ADD_' ? value : '';
}
