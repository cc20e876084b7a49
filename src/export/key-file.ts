import type { KeyObject } from 'node:crypto';
import { warning, type Warning } from '../model/errors';
import { secretPrivateKeyPem } from '../pki/private-key';
import { secretFile, type ExportFile } from './export-plan';
import type { ExportInput, NamedCertificate } from './export-input';

/** A key as PEM: encrypted (PBES2, AES-256-CBC) when the node has a passphrase, else in clear. */
export function keyPemFile(name: string, key: KeyObject, { secretPassphrase }: ExportInput): ExportFile {
  return secretFile(name, 'private-key', secretPrivateKeyPem(key, secretPassphrase));
}

/** One warning for all certificates without key: made from a CSR, or their key went into a message only. */
export function keyAbsentWarnings(certificates: readonly NamedCertificate[]): Warning[] {
  const without = certificates.filter(({ secretPrivateKey }) => !secretPrivateKey);
  if (without.length === 0) return [];
  const names = without.map(({ commonName }) => commonName);
  return [
    warning(
      'KEY_ABSENT',
      `the CA holds no private key for ${listed(names)}, so no key file was made`,
      { commonNames: names.slice(0, LONGEST_LIST), count: names.length },
      'The key is with whoever made the certificate request, or in the message of tls-issue: send that message on to tls-export',
    ),
  ];
}

/** One warning for all files that hold a key in clear though their kind could be encrypted. */
export function keyNotEncryptedWarnings(fileNames: readonly string[]): Warning[] {
  if (fileNames.length === 0) return [];
  return [
    warning(
      'KEY_NOT_ENCRYPTED',
      `${listed(fileNames)} ${fileNames.length === 1 ? 'holds its' : 'hold their'} private key in clear`,
      { files: fileNames.slice(0, LONGEST_LIST), count: fileNames.length },
      'Set a passphrase in the export node; until then keep these files where nobody else can read them',
    ),
  ];
}

const LONGEST_LIST = 20;
const SHOWN = 5;

/** A few names for a message. */
export function listed(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
