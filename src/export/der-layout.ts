import { secretPrivateKeyDer } from '../pki/private-key';
import { caBaseName, namedCertificates } from './base-name';
import type { ExportInput, NamedCertificate } from './export-input';
import { publicFile, secretFile, type ExportFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { keyAbsentWarnings, keyNotEncryptedWarnings } from './key-file';

/**
 * Binary files for devices: certificate, PKCS#8 key, intermediates one by one (DER has no list of
 * certificates), the CA. Keys are in clear also with a passphrase: no measured device stack opens an
 * encrypted DER key.
 */
export async function derLayout(input: ExportInput): Promise<ExportPlan> {
  const certificates = namedCertificates(input);
  const files = [...(await inSlices(certificates, derFiles)), ...anchorFiles(input)];
  const keys = files.filter(({ kind }) => kind === 'private-key').map(({ name }) => name);
  return {
    files,
    warnings: [
      ...keyAbsentWarnings(certificates),
      // Without a passphrase nobody expects encryption here; with one it must be said that there is none.
      ...(input.secretPassphrase ? keyNotEncryptedWarnings(keys) : []),
    ],
  };
}

function derFiles({ baseName, certificate, chain, secretPrivateKey: key }: NamedCertificate): ExportFile[] {
  return [
    publicFile(`${baseName}.crt.der`, 'certificate', certificate.der),
    ...chain.map(({ der }, index) => publicFile(`${baseName}.chain${index + 1}.der`, 'chain', der)),
    ...(key ? [secretFile(`${baseName}.key.der`, 'private-key', secretPrivateKeyDer(key))] : []),
  ];
}

/** One file for each trust anchor; a second one exists during a rollover only. */
function anchorFiles(input: ExportInput): ExportFile[] {
  const name = caBaseName(input);
  return input.authority.trustAnchors.map(({ der }, index) =>
    publicFile(`${name}${index === 0 ? '' : index + 1}.der`, 'trust', der),
  );
}
