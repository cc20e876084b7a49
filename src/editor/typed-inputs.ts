import type { DialogForm } from './dialog-form';

type TypeName = 'str' | 'num' | 'json' | 'msg' | 'flow' | 'global' | 'env' | 'jsonata';

/** Where a text may come from besides being written in the node. */
const TEXT_TYPES: TypeName[] = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'];
/** One target, or a JSON list of them. */
const TARGET_TYPES: TypeName[] = ['str', 'json', 'msg', 'flow', 'global', 'env', 'jsonata'];
/** Config nodes know no messages. */
const SETTING_TYPES: TypeName[] = ['str', 'env'];
const NUMBER_TYPES: TypeName[] = ['num', 'msg', 'flow', 'global', 'env', 'jsonata'];

/** Make a field with its `<field>Type` a typed input. */
export function typedText(form: DialogForm, name: string): void {
  typed(form, name, TEXT_TYPES);
}

export function typedNumber(form: DialogForm, name: string): void {
  typed(form, name, NUMBER_TYPES);
}

export function typedTarget(form: DialogForm, name: string): void {
  typed(form, name, TARGET_TYPES);
}

/** Text fields of a config node: written there, or taken from an environment variable. */
export function typedSettings(form: DialogForm, names: readonly string[]): void {
  for (const name of names) typed(form, name, SETTING_TYPES);
}

/** Put a value into a field, typed or not, as if somebody had typed it. */
export function setTyped(form: DialogForm, name: string, value: string): void {
  const field = form.field(name);
  if (field.data('noderedTypedInput')) field.typedInput('value', value);
  else field.val(value).trigger('change');
}

/** Show a field, typed or not, that nobody can change. */
export function disable(form: DialogForm, name: string): void {
  const field = form.field(name);
  field.prop('disabled', true);
  // The types know no command without a value of its own.
  if (field.data('noderedTypedInput')) field.typedInput('disable' as never);
}

/** The field that is seen: a typed input hides the one of the form and puts one of its own behind it. */
export function visibleField(form: DialogForm, name: string): JQuery {
  const own = behind(form.field(name));
  return own.length > 0 ? own : form.field(name);
}

/** The label leads to the field that is seen, for mouse and screen reader. */
export function labelTyped(form: DialogForm, field: JQuery): void {
  const hiddenId = field.attr('id') ?? '';
  behind(field).attr('id', `${hiddenId}-text`);
  form.root.find(`label[for="${hiddenId}"]`).attr('for', `${hiddenId}-text`);
}

function behind(field: JQuery): JQuery {
  return field.next('.red-ui-typedInput-container').find('input.red-ui-typedInput-input');
}

function typed(form: DialogForm, name: string, types: TypeName[]): void {
  form.field(name).typedInput({ default: types[0], types, typeField: form.field(`${name}Type`) });
  labelTyped(form, form.field(name));
}
