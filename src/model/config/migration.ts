import { codedError } from '../errors';
import { shownValue } from '../shown-value';

/** One step from `version` to `version + 1`. */
export interface Migration {
  from: number;
  up(config: Record<string, unknown>): Record<string, unknown>;
}

/**
 * Bring a stored node configuration to the current version and fill in what is missing.
 *
 * @param stored what the flow file holds
 * @param defaults the complete current configuration; its `version` is the current one
 * @param migrations the steps, one per version
 * @throws INPUT_CONFIG_VERSION when the flow was written by a newer package; INPUT_CONFIG for a version that is none
 */
export function migrate<T extends { version: number }>(
  stored: Record<string, unknown>,
  defaults: T,
  migrations: readonly Migration[] = [],
): T {
  let config = { ...stored };
  let version = versionOf(config.version);
  if (version > defaults.version) {
    throw codedError(
      'INPUT_CONFIG_VERSION',
      `the node was saved by a newer version of the package (configuration version ${version}, this package knows ${defaults.version})`,
      { found: version, known: defaults.version },
      'Update @flowcerts/node-red-secure-mqtt in Manage palette',
    );
  }
  for (const step of migrations) {
    if (step.from === version) {
      config = step.up(config);
      version += 1;
    }
  }
  // A fault of ours, found by the first test that deploys the node.
  if (version !== defaults.version) throw new TypeError(`no migration leads from version ${version}`);
  const filled: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined && value !== null) filled[key] = value;
  }
  filled.version = defaults.version;
  return filled as T;
}

/** A configuration without version was written by hand: it is taken for the first one. */
function versionOf(stored: unknown): number {
  if (stored === undefined || stored === null || stored === '') return 1;
  const version = typeof stored === 'string' ? Number(stored) : stored;
  if (typeof version === 'number' && Number.isInteger(version) && version >= 1) return version;
  throw codedError(
    'INPUT_CONFIG',
    `the configuration version of the node is ${shownValue(stored)}, expected a whole number from 1`,
    { field: 'version', value: shownValue(stored) },
    'The flow file was changed by hand or damaged: open the node, check its settings and deploy, or import the flow again',
  );
}
