import { codedError, warning, type Warning } from '../model/errors';
import { shownValue } from '../model/shown-value';
import type { Certificate } from '../pki/certificate';
import { buildChain } from '../pki/chain';
import { secretKeyStore, trustStore, type StoreProtection } from '../pki/key-store';
import { baseNames } from './base-name';
import type { ExportInput, NamedCertificate } from './export-input';
import { secretFile, type ExportFile } from './export-plan';

/**
 * How the key stores of an export are protected.
 *
 * @throws INPUT_PASSPHRASE without one
 */
export function storeProtection({ secretPassphrase, settings, random }: ExportInput): StoreProtection {
  if (secretPassphrase) return { secretPassphrase, legacy: settings.legacy, random };
  throw codedError(
    'INPUT_PASSPHRASE',
    'a PKCS#12 file needs a passphrase, and none is set',
    { field: 'passphrase' },
    'Open the export node and set one; programs that open the file ask for it',
  );
}

/** A certificate with the name of its key in the store. */
export type StoredCertificate = readonly [certificate: NamedCertificate, alias: string];

/**
 * A PKCS#12 file with the keys of certificates, their chains and the CA; none when the CA has no key for any of them.
 *
 * Several in one file serve several host names on one address: Java and vert.x choose by the name that a client asks
 * for (SNI).
 *
 * @param stored the alias holds unless the node names one for a single certificate
 * @throws INPUT_CONFIG for a bad alias
 */
export async function keyStoreFiles(
  name: string,
  stored: readonly StoredCertificate[],
  input: ExportInput,
): Promise<ExportFile[]> {
  const { authority, certificates, settings } = input;
  const entries = stored.flatMap(([{ certificate, chain, secretPrivateKey: privateKey }, alias]) => {
    if (!privateKey) return [];
    const chosen = settings.alias !== '' && certificates.length === 1 ? checkAlias(settings.alias) : alias;
    const issuers = buildChain(certificate, chain, authority.trustAnchors).chain.slice(1);
    return [{ alias: chosen, privateKey, certificate, chain: issuers }];
  });
  if (entries.length === 0) return [];
  return [secretFile(name, 'private-key', await secretKeyStore(entries, storeProtection(input)))];
}

/**
 * A PKCS#12 file of certificates to trust.
 *
 * It holds nothing secret, but its MAC tells whoever reads it whether a guess of the passphrase is right, so it is
 * readable by the owner only. Each entry is named after its common name without blanks: aliases are typed in shells,
 * and Java compares them without case.
 */
export async function namedTrustStore(
  name: string,
  certificates: readonly Certificate[],
  protection: StoreProtection,
): Promise<ExportFile> {
  const aliases = baseNames(certificates.map(named));
  const entries = certificates.map((certificate, index) => ({ alias: aliases[index] as string, certificate }));
  return secretFile(name, 'trust', await trustStore(entries, protection));
}

/** What must be said about a protection. */
export function protectionWarnings({ secretPassphrase, legacy }: StoreProtection): Warning[] {
  const warnings: Warning[] = [];
  if (!/^[ -~]*$/.test(secretPassphrase)) {
    warnings.push(
      warning(
        'INPUT_PASSPHRASE',
        'the passphrase holds characters outside ASCII, and Java cannot open a PKCS#12 file with them',
        { field: 'passphrase' },
        'For Java use only letters without accents, digits and the signs of an English keyboard',
      ),
    );
  }
  if (legacy) {
    warnings.push(
      warning(
        'P12_WEAK',
        'the PKCS#12 files are protected by 3DES and SHA-1, for old programs',
        { field: 'legacy' },
        'Switch this off unless a program refuses the modern form (Java before 8u301, Windows before 10)',
      ),
    );
  }
  return warnings;
}

const LONGEST_ALIAS = 100;

function checkAlias(alias: string): string {
  const trimmed = alias.trim();
  // eslint-disable-next-line no-control-regex
  if (trimmed !== '' && trimmed.length <= LONGEST_ALIAS && !/[\x00-\x1f\x7f]/.test(trimmed)) return trimmed;
  throw codedError(
    'INPUT_CONFIG',
    `the alias is ${shownValue(alias)}, expected one line of at most ${LONGEST_ALIAS} characters`,
    { field: 'alias', value: shownValue(alias) },
    'Leave it empty to use the common name',
  );
}

function named({ subject, serialNumber }: Certificate) {
  return { commonName: subject.commonName ?? 'ca', serialNumber };
}
