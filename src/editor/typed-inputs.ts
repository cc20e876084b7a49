import type { DialogForm } from './dialog-form';

type TypeName = 'str' | 'num' | 'json' | 'msg' | 'flow' | 'global' | 'env' | 'jsonata';

/** Where a text may come from besides being written in the node. */
const TEXT_TYPES: TypeName[] = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'];
/** One target, or a JSON list of them. */
const TARGET_TYPES: TypeName[] = ['str', 'json', 'msg', 'flow', 'global', 'env', 'jsonata'];
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

function typed(form: DialogForm, name: string, types: TypeName[]): void {
  form.field(name).typedInput({ default: types[0], types, typeField: form.field(`${name}Type`) });
}
