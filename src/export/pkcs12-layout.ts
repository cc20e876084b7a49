import { caBaseName, checkBaseName, namedCertificates } from './base-name';
import type { ExportInput, NamedCertificate } from './export-input';
import type { ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { keyAbsentWarnings } from './key-file';
import {
  keyStoreFiles,
  namedTrustStore,
  protectionWarnings,
  storeProtection,
  type StoredCertificate,
} from './key-store-file';

/** Base name of the trust store. */
const TRUST_STORE = 'truststore';

/**
 * Key stores for Java, Windows, Android: for each certificate `<base>.p12` with its key, its chain and the CA, and
 * `truststore.p12` with the trust anchors, all under one passphrase. Several certificates and a base name make one key
 * store for all of them.
 *
 * @throws INPUT_PASSPHRASE, INPUT_CONFIG for a bad alias, INPUT_FOLDER
 */
export async function pkcs12Layout(input: ExportInput): Promise<ExportPlan> {
  const protection = storeProtection(input);
  const certificates = namedCertificates(input, [TRUST_STORE]);
  const { baseName } = input.settings;
  const keyStores =
    baseName !== '' && certificates.length > 1
      ? await keyStoreFiles(`${checkBaseName(baseName)}.p12`, distinctAliases(certificates), input)
      : await inSlices(certificates, (one) => keyStoreFiles(`${one.baseName}.p12`, [[one, one.commonName]], input));
  const trusted = await namedTrustStore(`${trustStoreName(input)}.p12`, input.authority.trustAnchors, protection);
  return {
    files: [...keyStores, trusted],
    warnings: [...keyAbsentWarnings(certificates), ...protectionWarnings(protection)],
  };
}

/** Two certificates of one name in one store need two aliases; their base names differ. */
function distinctAliases(certificates: readonly NamedCertificate[]): StoredCertificate[] {
  return certificates.map((certificate) => [certificate, certificate.baseName]);
}

function trustStoreName(input: ExportInput): string {
  const { certificates, settings } = input;
  return certificates.length === 0 && settings.baseName !== '' ? caBaseName(input) : TRUST_STORE;
}
