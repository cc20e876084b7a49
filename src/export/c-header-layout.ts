import { cHeader, cPemLiteral } from '../encoding/c-header';
import { secretPrivateKeyPem } from '../pki/private-key';
import { caBaseName, namedCertificates } from './base-name';
import { derLayout } from './der-layout';
import type { ExportInput } from './export-input';
import { publicFile, secretFile, type ExportFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { fullChainPem } from './pem-layout';

/**
 * C headers for sketches: beside every DER file the header that `xxd -i <file>` prints in that folder, byte
 * for byte, and beside every certificate and key a NUL-terminated PEM literal (mbedTLS reads PEM only
 * from a NUL-terminated buffer). With `progmem` both stand in flash memory.
 */
export async function cHeaderLayout(input: ExportInput): Promise<ExportPlan> {
  const binary = await derLayout(input);
  return {
    files: [...(await inSlices(binary.files, (file) => [file, header(file, input)])), ...(await literals(input))],
    warnings: binary.warnings,
  };
}

function header(file: ExportFile, { settings }: ExportInput): ExportFile {
  const text = cHeader(file.name, file.content, { progmem: settings.progmem });
  return { ...file, name: `${file.name}.h`, kind: 'source', content: Buffer.from(text) };
}

async function literals(input: ExportInput): Promise<ExportFile[]> {
  const literal = (name: string, pem: string): string => cPemLiteral(name, pem, { progmem: input.settings.progmem });
  const ca = `${caBaseName(input)}.pem`;
  return [
    ...(await inSlices(namedCertificates(input), (certificate) => {
      const { baseName, secretPrivateKey: key } = certificate;
      const certificateName = `${baseName}.crt.pem`;
      const keyName = `${baseName}.key.pem`;
      return [
        publicFile(`${certificateName}.h`, 'source', literal(certificateName, fullChainPem(certificate))),
        // A device cannot ask for a passphrase (FACTS: BearSSL and mbedTLS 2.28 open no encrypted key).
        ...(key ? [secretFile(`${keyName}.h`, 'source', literal(keyName, secretPrivateKeyPem(key)))] : []),
      ];
    })),
    publicFile(`${ca}.h`, 'source', literal(ca, input.authority.trustAnchorsPem)),
  ];
}
