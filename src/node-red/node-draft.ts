import type { NodeAPI } from 'node-red';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { withEnvironment, withReferences } from './environment';
import { storedSecretsFor, STORED_SECRET, type SecretScopes } from './stored-secrets';

/** The settings of a node as they stand in its open dialog, with its secrets. */
export interface NodeDraft<Config, Credentials> {
  config: Config;
  credentials: Credentials;
}

/** A type of node whose dialog may ask for something before it is deployed. */
export interface DraftType<Config> {
  type: string;
  defaults: Config;
  secrets: SecretScopes<Config>;
}

type Properties = Record<string, unknown>;

/** What can hold settings in the runtime; the flow behind it knows the variables of its place. */
interface Deployed {
  definition?: Properties;
  place: object;
}

/**
 * Read what a dialog sends: `{node: {id, z, …properties}, credentials: {…}}`.
 *
 * A credential that is absent or still the editor's placeholder is the stored one of that node, within the limits of
 * `stored-secrets.ts`; an empty one is none. Variables are those of the place where the node is deployed; only a new
 * node says itself where it is.
 *
 * @throws INPUT_PAYLOAD for anything else; INPUT_SECRET when a stored secret would be used for other settings;
 *   INPUT_CONFIG when a variable is not set
 */
export function readDraft<Config extends object, Credentials extends object>(
  RED: NodeAPI,
  body: unknown,
  { type, defaults, secrets }: DraftType<Config>,
): NodeDraft<Config, Credentials> {
  const { node, credentials } = body as { node: Properties; credentials: Properties };
  const { definition, place } = deployedNode(RED, type, node);
  const typed = settingsOf(defaults, node);
  const deployed = definition && settingsOf(defaults, definition);
  const stored = definition ? (RED.nodes.getCredentials(String(node.id)) as Properties | undefined) : undefined;
  // Before anything of the settings is looked up or read.
  const secret = {
    ...storedSecretsFor(secrets, { typed, deployed, stored: stored ?? {}, credentials }),
    ...typedSecrets(secrets, credentials),
  };
  return {
    config: withEnvironment(RED, place, withReferences(RED, place, typed)),
    credentials: withReferences(RED, place, secret) as Credentials,
  };
}

/** @throws INPUT_PAYLOAD for what no dialog sends */
export function draftTypeOf(body: unknown): string {
  const { node, credentials } = Object(body) as { node?: unknown; credentials?: unknown };
  const { id, type } = Object(node) as Properties;
  const complete = typeof id === 'string' && typeof type === 'string' && isRecord(credentials);
  if (complete && Object.values(credentials).every((value) => typeof value === 'string')) return type;
  throw codedError(
    'INPUT_PAYLOAD',
    'the request does not hold the settings of a node',
    { expected: '{node: {id, type, …}, credentials: {}}' },
    'Use the button in the dialog of the node',
  );
}

/** The properties of the contract, each of the type of its default; numbers may be texts, as in a form. */
function settingsOf<Config extends object>(defaults: Config, from: Properties): Config {
  const settings = Object.entries(defaults).map(([name, fallback]: [string, unknown]): [string, unknown] => {
    const value = from[name];
    if (value === undefined || value === null || name === 'version') return [name, fallback];
    const fits = Array.isArray(fallback)
      ? Array.isArray(value)
      : ['string', 'number', 'boolean'].includes(typeof value);
    if (fits) return [name, value];
    throw codedError(
      'INPUT_PAYLOAD',
      `${name} is ${shownValue(value)}, expected a text, a number or a tick`,
      { field: name, value: shownValue(value) },
      'Use the button in the dialog of the node',
    );
  });
  return Object.fromEntries(settings) as Config;
}

function typedSecrets<Config>(secrets: SecretScopes<Config>, credentials: Properties): Properties {
  return Object.fromEntries(
    Object.keys(secrets)
      .filter((name) => credentials[name] !== undefined && credentials[name] !== STORED_SECRET)
      .map((name) => [name, credentials[name]]),
  );
}

/** Only a node of this very type: the secrets of others are nobody's here. */
function deployedNode(RED: NodeAPI, type: string, node: Properties): Deployed {
  let definition: Properties | undefined;
  const neighbours: string[] = [];
  const place = (): unknown => definition?.z ?? node.z ?? '';
  RED.nodes.eachNode((one) => {
    if (one.id === node.id && one.type === type) definition = one as unknown as Properties;
  });
  RED.nodes.eachNode((one) => {
    if (one.id !== node.id && ((one as unknown as Properties).z ?? '') === place()) neighbours.push(one.id);
  });
  const running = [...(definition ? [String(node.id)] : []), ...neighbours].map(
    (id) => RED.nodes.getNode(id) as unknown,
  );
  return { definition, place: (running.find(Boolean) as object | undefined) ?? {} };
}

function isRecord(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
