import type { DialogForm } from './dialog-form';
import { STORED_SECRET } from './secret-text-field';

/**
 * Show the name of a login while it is typed. It is kept among the secrets, and one that is stored never comes back to the
 * editor: dots stand for it, and typing replaces it.
 *
 * @param name of the credential
 */
export function showTypedName(form: DialogForm, name: string): void {
  const field = form.field(name);
  const isStored = (): boolean => field.val() === STORED_SECRET;
  const update = (): void => void field.attr('type', isStored() ? 'password' : 'text');
  field.attr('autocomplete', 'off');
  field.on('input change', update);
  field.on('focus', () => {
    if (isStored()) field.trigger('select');
  });
  update();
}
