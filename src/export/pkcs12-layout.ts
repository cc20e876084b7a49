import { codedError, warning, type Warning } from '../model/errors';
import { shownValue } from '../model/shown-value';
import type { Certificate } from '../pki/certificate';
import { buildChain } from '../pki/chain';
import { secretKeyStore, trustStore, type StoreProtection, type TrustStoreEntry } from '../pki/key-store';
import { baseNames, caBaseName, namedCertificates } from './base-name';
import type { ExportInput, NamedCertificate } from './export-input';
import { secretFile, type ExportFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { keyAbsentWarnings } from './key-file';

/** Base name of the trust store. */
const TRUST_STORE = 'truststore';

/**
 * Key stores for Java, Windows, Android: for each certificate `<base>.p12` with its key, its chain and the CA, and
 * `truststore.p12` with the trust anchors.
 *
 * All under one passphrase. The trust store holds nothing secret, but its MAC tells whoever reads it whether a guess of
 * the passphrase is right, so it is readable by the owner only, too.
 *
 * @throws INPUT_PASSPHRASE, INPUT_CONFIG for a bad alias, INPUT_FOLDER
 */
export async function pkcs12Layout(input: ExportInput): Promise<ExportPlan> {
  const protection = protectionOf(input);
  const certificates = namedCertificates(input, [TRUST_STORE]);
  return {
    files: [
      ...(await inSlices(certificates, (certificate) => keyStoreFiles(certificate, input, protection))),
      secretFile(`${trustStoreName(input)}.p12`, 'trust', await trustStore(trustEntries(input), protection)),
    ],
    warnings: [...keyAbsentWarnings(certificates), ...protectionWarnings(protection)],
  };
}

function protectionOf({ secretPassphrase, settings, random }: ExportInput): StoreProtection {
  if (secretPassphrase) return { secretPassphrase, legacy: settings.legacy, random };
  throw codedError(
    'INPUT_PASSPHRASE',
    'a PKCS#12 file needs a passphrase, and none is set',
    { field: 'passphrase' },
    'Open the export node and set one; programs that open the file ask for it',
  );
}

async function keyStoreFiles(
  { baseName, commonName, certificate, chain, secretPrivateKey: privateKey }: NamedCertificate,
  { authority, certificates, settings }: ExportInput,
  protection: StoreProtection,
): Promise<ExportFile[]> {
  if (!privateKey) return [];
  const alias = settings.alias !== '' && certificates.length === 1 ? checkAlias(settings.alias) : commonName;
  const issuers = buildChain(certificate, chain, authority.trustAnchors).chain.slice(1);
  const store = await secretKeyStore([{ alias, privateKey, certificate, chain: issuers }], protection);
  return [secretFile(`${baseName}.p12`, 'private-key', store)];
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

function trustStoreName(input: ExportInput): string {
  const { certificates, settings } = input;
  return certificates.length === 0 && settings.baseName !== '' ? caBaseName(input) : TRUST_STORE;
}

/** Each anchor under its common name without blanks: aliases are typed in shells. Java compares them without case. */
function trustEntries({ authority: { trustAnchors } }: ExportInput): TrustStoreEntry[] {
  const names = baseNames(trustAnchors.map(named));
  return trustAnchors.map((certificate, index) => ({ alias: names[index] as string, certificate }));
}

function named({ subject, serialNumber }: Certificate) {
  return { commonName: subject.commonName ?? 'ca', serialNumber };
}

function protectionWarnings({ secretPassphrase, legacy }: StoreProtection): Warning[] {
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
