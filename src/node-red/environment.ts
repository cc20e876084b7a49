import type { NodeAPI } from 'node-red';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/** As Node-RED has it: a value that is nothing but `${NAME}` (flows/util.js, mapEnvVarProperties). */
const REFERENCE = /^\$\{(\S+)\}$/;

/**
 * The settings of a config node with what `<property>Type: "env"` takes from the environment.
 *
 * `${NAME}` alone was replaced by Node-RED before the node was made. A variable that is not set is an error here,
 * because an empty text has a meaning of its own in most fields ("none", "the client id", "the host").
 *
 * @param node the running node, whose flow may have variables of its own
 * @throws INPUT_CONFIG when a variable is not set or is empty
 */
export function withEnvironment<Settings extends object>(RED: NodeAPI, node: object, settings: Settings): Settings {
  const changed: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(settings)) {
    const type: unknown = (settings as Record<string, unknown>)[`${field}Type`];
    if (type !== 'env' || typeof value !== 'string' || value.trim() === '') continue;
    changed[field] = variable(RED, node, field, value.trim());
    // It is a text from here on, also for whoever evaluates typed fields later.
    changed[`${field}Type`] = 'str';
  }
  return { ...settings, ...changed };
}

/** Replace `${NAME}` as Node-RED does when it makes a node; a variable that is not set leaves the text as it is. */
export function withReferences<Settings extends object>(RED: NodeAPI, node: object, settings: Settings): Settings {
  const changed = Object.entries(settings).map(([field, value]): [string, unknown] => {
    const name = typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined;
    const found = name === undefined ? undefined : (RED.util.getSetting(node as never, name) as unknown);
    return [field, found === undefined ? value : found];
  });
  return Object.fromEntries(changed) as Settings;
}

/** `NAME`, or a text with `${NAME}` in it. */
function variable(RED: NodeAPI, node: object, field: string, value: string): string {
  const found: unknown = RED.util.evaluateNodeProperty(value, 'env', node as never, {});
  if (found !== undefined && found !== null && found !== '') return String(found);
  throw codedError(
    'INPUT_CONFIG',
    `the environment variable ${shownValue(value)}, which ${field} is taken from, is not set`,
    { field, variable: shownValue(value) },
    'Set it where Node-RED is started, or under Global Environment Variables in the editor',
  );
}
