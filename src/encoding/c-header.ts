import { codedError } from '../model/errors';

export interface CHeaderOptions {
  /** Constants in flash memory, for Arduino cores; needs `<pgmspace.h>` or `<Arduino.h>`. */
  progmem?: boolean;
}

const BYTES_A_LINE = 12;

/** A C identifier as `xxd -i` makes it: every other octet becomes `_`, a leading digit gets `__` before it. */
export function cIdentifier(name: string): string {
  if (name === '') throw codedError('INPUT_FOLDER', 'a C header needs a name', {}, 'Give the file a name');
  const octets = Buffer.from(name, 'utf8').toString('latin1');
  return octets.replace(/^(?=[0-9])/, '__').replace(/[^A-Za-z0-9]/g, '_');
}

/**
 * Bytes as a C array.
 *
 * @param name file name, from which the identifiers are made
 * @returns byte for byte what `xxd -i <name>` prints, or the same as constants in flash
 */
export function cHeader(name: string, bytes: Uint8Array, options: CHeaderOptions = {}): string {
  const identifier = cIdentifier(name);
  const constant = options.progmem ? 'const ' : '';
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_A_LINE) {
    const line = [...bytes.subarray(at, at + BYTES_A_LINE)].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`);
    lines.push(`  ${line.join(', ')}`);
  }
  const body = lines.length > 0 ? `${lines.join(',\n')}\n` : '';
  return (
    `${constant}unsigned char ${identifier}[]${options.progmem ? ' PROGMEM' : ''} = {\n${body}};\n` +
    `${constant}unsigned int ${identifier}_len = ${bytes.length};\n`
  );
}

/**
 * PEM as a C string literal, which ends with NUL: mbedTLS reads PEM only so (FACTS).
 *
 * @param name file name, from which the identifier is made
 */
export function cPemLiteral(name: string, pem: string, options: CHeaderOptions = {}): string {
  const lines = pem.trimEnd().split(/\r\n|\n/);
  const literal = lines.map((line) => `  "${line.replace(/[\\"]/g, '\\$&')}\\n"`);
  return `const char ${cIdentifier(name)}[]${options.progmem ? ' PROGMEM' : ''} =\n${literal.join('\n')};\n`;
}
