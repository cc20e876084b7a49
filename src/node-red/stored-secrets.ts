import { codedError } from '../model/errors';

/** What the editor sends for a credential that was not touched (Node-RED never gives it the value). */
export const STORED_SECRET = '__PWRD__';

/** A stored secret and the settings it was entered for. */
export interface SecretScope<Config> {
  /** The name of its field. */
  label: string;
  /** While one of these differs from what is deployed, it must be typed again. */
  settings: readonly (keyof Config & string)[];
  /** It is of no use otherwise, so nobody is asked for it. */
  neededFor(config: Config): boolean;
}

export type SecretScopes<Config> = Readonly<Record<string, SecretScope<Config>>>;

type Properties = Record<string, unknown>;

/**
 * The stored secrets that a connection with settings not yet deployed may use.
 *
 * A dialog can name any host. So a stored secret goes only where the deployed node sends it already: while everything
 * that decides who receives it (host, port, path, encryption, whom to trust, what is verified) is as deployed. Whoever
 * tries another host types the secret again; he then knows it anyway.
 *
 * @throws INPUT_SECRET names the settings that differ and the secrets to type
 */
export function storedSecretsFor<Config extends object>(
  scopes: SecretScopes<Config>,
  from: { typed: Config; deployed: Config | undefined; stored: Properties; credentials: Properties },
): Record<string, string> {
  const { typed, deployed, stored, credentials } = from;
  const used: Record<string, string> = {};
  const refused: { label: string; changed: string[] }[] = [];
  for (const [name, { label, settings, neededFor }] of Object.entries(scopes)) {
    const value = stored[name];
    const untouched = credentials[name] === undefined || credentials[name] === STORED_SECRET;
    if (!deployed || !untouched || typeof value !== 'string' || value === '' || !neededFor(typed)) continue;
    const changed = settings.filter((setting) => !isSame(typed[setting], deployed[setting]));
    if (changed.length === 0) used[name] = value;
    else refused.push({ label, changed });
  }
  if (refused.length > 0) throw refusal(refused);
  return used;
}

/** A form has numbers as texts. A tick is none: the text "false" does not switch off what `false` does. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one === 'boolean' || typeof other === 'boolean') return one === other;
  return shown(one) === shown(other);
}

function shown(value: unknown): string {
  return String(value ?? '').trim();
}

function refusal(refused: readonly { label: string; changed: readonly string[] }[]): Error {
  const secrets = refused.map(({ label }) => label);
  const changed = [...new Set(refused.flatMap((one) => one.changed))];
  return codedError(
    'INPUT_SECRET',
    `the stored ${secrets.join(' and ')} may go only where the deployed settings lead, and these differ: ${changed.join(', ')}`,
    { secrets, changed },
    `Type ${secrets.join(' and ')} again to try it there, or deploy first`,
  );
}
