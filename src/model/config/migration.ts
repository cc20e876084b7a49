import { codedError } from '../errors';

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
 * @throws INPUT_CONFIG_VERSION when the flow was written by a newer package
 */
export function migrate<T extends { version: number }>(
  stored: Record<string, unknown>,
  defaults: T,
  migrations: readonly Migration[] = [],
): T {
  let config = { ...stored };
  let version = typeof config.version === 'number' ? config.version : 1;
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
  const filled: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined && value !== null) filled[key] = value;
  }
  filled.version = defaults.version;
  return filled as T;
}
