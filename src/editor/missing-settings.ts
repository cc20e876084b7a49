import type { EditedNode } from './red';

interface Definition {
  defaults?: Record<string, { value?: unknown; type?: string }>;
}

/**
 * Give a node the settings that its flow does not name: one written by hand, by a program, or for an older version.
 *
 * The runtime takes the default of what is missing, and verifies. The editor would show an empty field and a box without a
 * tick, and store them: whoever only looked and pressed Done would have switched the verification of the server off.
 *
 * @param fieldOf the field of a property; empty where there is none
 */
export function fillMissingSettings(node: EditedNode<unknown>, fieldOf: (name: string) => JQuery): void {
  const { _def, ...settings } = node as EditedNode<unknown> & { _def: Definition } & Record<string, unknown>;
  for (const [name, { value, type }] of Object.entries(_def.defaults ?? {})) {
    // What a flow without a version means is for the migrations to say.
    if (settings[name] !== undefined || value === undefined || name === 'version') continue;
    Object.assign(node, { [name]: structuredClone(value) });
    // The editor fills the selectors of config nodes itself, later.
    if (type !== undefined || typeof value === 'object') continue;
    const field = fieldOf(name);
    if (field.is(':checkbox')) field.prop('checked', value);
    else field.val(String(value));
  }
}
