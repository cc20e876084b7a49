import type { DialogForm } from './dialog-form';
import type { EditedNode } from './red';

/** What the route `probe` takes. */
interface NodeDraft {
  node: Record<string, unknown>;
  /** A secret that was not touched is the editor's placeholder: its value never left the runtime. */
  credentials: Record<string, string>;
}

/** What the editor keeps of a node type beside each node. */
interface Defined {
  z?: string;
  _def: { defaults: Record<string, unknown>; credentials?: Record<string, unknown> };
}

/** The settings as they stand in the open dialog, whether they are deployed or not. */
export function draftOf(form: DialogForm, node: EditedNode<unknown>): NodeDraft {
  const { z, _def } = node as EditedNode<unknown> & Defined;
  const stored = node as unknown as Record<string, unknown>;
  const properties = Object.keys(_def.defaults).map((name): [string, unknown] => {
    const field = form.field(name);
    if (field.length === 0) return [name, stored[name]];
    return [name, field.is(':checkbox') ? field.prop('checked') : form.value(name)];
  });
  const secrets = Object.keys(_def.credentials ?? {}).map((name): [string, string] => [
    name,
    String(form.field(name).val() ?? ''),
  ]);
  return {
    node: { ...Object.fromEntries(properties), id: node.id, type: node.type, z: z ?? '' },
    credentials: Object.fromEntries(secrets),
  };
}
