import { warning, type Warning } from '../model/errors';
import { SECRET_MODE, type ExportFile } from './export-plan';
import { listed } from './key-file';

/**
 * A broker runs as a user of its own, which cannot read the 0600 files that Node-RED writes, and then
 * says no more than "Unable to load server key file". Whether it can is not visible from here.
 *
 * @param files what is written into the folder
 * @param names the files that the configuration names
 */
export function unreadableByBroker(files: readonly ExportFile[], names: readonly (string | undefined)[]): Warning[] {
  const secret = files.filter(({ name, mode }) => mode === SECRET_MODE && names.includes(name)).map(({ name }) => name);
  if (secret.length === 0) return [];
  return [
    warning(
      'STORE_PERMISSION',
      `only the user that runs Node-RED can read ${listed(secret)} (mode 0600), the broker must read them too`,
      { files: secret, mode: '0600' },
      `Give them to the broker's user: "sudo chown mosquitto: ${secret.join(' ')}" on Debian, "chown 1883:1883 …" for the Docker image`,
    ),
  ];
}
