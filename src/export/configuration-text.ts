import { TLS_EXPORT_DEFAULTS } from '../model/config/tls-export';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/**
 * True for text that could end a line of a configuration file and begin another one.
 *
 * U+0085, U+2028 and U+2029 are line ends to some readers.
 */
export function isUnsafeInLine(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}

/**
 * A setting that is written into a configuration file.
 *
 * @throws INPUT_LAYOUT when it is empty or would break out of its line
 */
export function lineValue(field: string, value: string): string {
  const trimmed = value.trim();
  if (trimmed !== '' && !isUnsafeInLine(trimmed)) return trimmed;
  throw codedError(
    'INPUT_LAYOUT',
    `${field} is ${shownValue(value)}, expected text without line breaks`,
    { field, value: shownValue(value) },
    `Open the node and correct ${field}`,
  );
}

/** A path below the folder as the broker sees it; `/` also on Windows, where Mosquitto takes both. */
export function targetPath(targetDir: string, name: string): string {
  return `${targetDir.replace(/[/\\]+$/, '')}/${name}`;
}

/**
 * A port for a configuration file.
 *
 * @throws INPUT_PORT
 */
export function portValue(port: unknown): number {
  const number = Number(port);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number;
  throw codedError(
    'INPUT_PORT',
    `the broker port is ${shownValue(port)}, expected a whole number from 1 to 65535`,
    { field: 'brokerPort', value: shownValue(port) },
    'MQTT over TLS usually has port 8883',
  );
}

/**
 * The folder that is written into configurations: what the node names, or where the layout's program usually looks when
 * the node still has its default, which is Mosquitto's.
 *
 * @throws INPUT_LAYOUT
 */
export function targetFolder(targetDir: string, usual: string): string {
  const chosen = targetDir.trim();
  return chosen === '' || chosen === TLS_EXPORT_DEFAULTS.targetDir ? usual : lineValue('targetDir', chosen);
}

/** A word for a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
