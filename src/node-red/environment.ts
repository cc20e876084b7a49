import type { NodeAPI } from 'node-red';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/** As Node-RED has it: a value that is nothing but `${NAME}` (flows/util.js, mapEnvVarProperties). */
const REFERENCE = /^\$\{(\S+)\}$/;

/**
 * The settings of a running node as they were written, with what they take from the environment.
 *
 * @throws INPUT_CONFIG when a variable is not set or holds nothing but spaces, also one written as `${NAME}` alone
 */
export function deployedSettings<Settings extends object>(RED: NodeAPI, node: object, settings: Settings): Settings {
  refuseEmptyReferences(RED, node, settings);
  return withEnvironment(RED, node, settings);
}

/**
 * Node-RED replaces `${NAME}` before the node is made, so that an empty variable looks like a setting left empty: a pin, a
 * revocation list or a server name would be gone without a word. Only the flow file still tells what was written.
 *
 * @throws INPUT_CONFIG
 */
export function refuseEmptyReferences(RED: NodeAPI, node: object, settings: object): void {
  const written = writtenSettings(RED, node);
  for (const [field, value] of Object.entries(settings) as [string, unknown][]) {
    const name = referenceIn(written[field]);
    if (name !== undefined && field !== 'name' && isBlank(value)) throw notSet(field, name);
  }
}

/** What the flow file holds for a running node; in a subflow for the node it was made after. */
export function writtenSettings(RED: NodeAPI, node: object): Readonly<Record<string, unknown>> {
  const { id, _alias: original } = node as { id?: string; _alias?: string };
  let written: Record<string, unknown> = {};
  RED.nodes.eachNode((one) => {
    if (one.id === (original ?? id)) written = one as unknown as Record<string, unknown>;
  });
  return written;
}

/**
 * The settings of a config node with what `<property>Type: "env"` takes from the environment.
 *
 * `${NAME}` alone was replaced by Node-RED before the node was made. A variable that is not set is an error here,
 * because an empty text has a meaning of its own in most fields ("none", "the client id", "the host").
 *
 * @param node the running node, whose flow may have variables of its own
 * @throws INPUT_CONFIG when a variable is not set or is blank
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

/**
 * Replace `${NAME}` as Node-RED does when it makes a node; a variable that is not set leaves the text as it is.
 *
 * @throws INPUT_CONFIG when a variable is blank
 */
export function withReferences<Settings extends object>(RED: NodeAPI, node: object, settings: Settings): Settings {
  const changed = Object.entries(settings).map(([field, value]): [string, unknown] => {
    const name = referenceIn(value);
    const found = name === undefined ? undefined : (RED.util.getSetting(node as never, name) as unknown);
    if (name !== undefined && found !== undefined && field !== 'name' && isBlank(found)) throw notSet(field, name);
    return [field, found === undefined ? value : found];
  });
  return Object.fromEntries(changed) as Settings;
}

/** `NAME`, or a text with `${NAME}` in it. */
function variable(RED: NodeAPI, node: object, field: string, value: string): string {
  const found: unknown = RED.util.evaluateNodeProperty(value, 'env', node as never, {});
  if (!isBlank(found)) return String(found);
  throw notSet(field, value);
}

function referenceIn(value: unknown): string | undefined {
  return typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined;
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function notSet(field: string, variable: string): Error {
  return codedError(
    'INPUT_CONFIG',
    `the environment variable ${shownValue(variable)}, which ${field} is taken from, is not set or empty`,
    { field, variable: shownValue(variable) },
    'Set it where Node-RED is started, or under Global Environment Variables in the editor',
  );
}
