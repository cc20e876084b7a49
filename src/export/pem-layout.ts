import { namedCertificates, caBaseName } from './base-name';
import type { ExportInput, NamedCertificate } from './export-input';
import { publicFile, secretFile, type ExportFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { keyAbsentWarnings, keyPemFile } from './key-file';

/**
 * PEM files as most programs want them: certificate, key, intermediates, both joined, and the CA.
 *
 * `<base>.combined.pem` holds key and certificates in one file: a broker that reads one path for both can
 * be given a new pair by a single rename, so it never sees a key that does not match (FACTS: a pair that
 * does not match at the moment of SIGHUP refuses every new client).
 */
export async function pemLayout(input: ExportInput): Promise<ExportPlan> {
  const certificates = namedCertificates(input);
  return {
    files: [
      ...(await inSlices(certificates, (certificate) => pemFiles(certificate, input))),
      publicFile(`${caBaseName(input)}.pem`, 'trust', input.authority.trustAnchorsPem),
    ],
    warnings: keyAbsentWarnings(certificates),
  };
}

function pemFiles(certificate: NamedCertificate, input: ExportInput): ExportFile[] {
  const { baseName, secretPrivateKey: key } = certificate;
  const fullChain = fullChainPem(certificate);
  const files = [
    publicFile(`${baseName}.crt.pem`, 'certificate', certificate.certificate.pem),
    publicFile(`${baseName}.chain.pem`, 'chain', chainPem(certificate)),
    publicFile(`${baseName}.fullchain.pem`, 'certificate', fullChain),
  ];
  if (!key) return files;
  const keyPem = keyPemFile(`${baseName}.key.pem`, key, input);
  const combined = Buffer.concat([keyPem.content, Buffer.from(fullChain)]);
  return [...files, keyPem, secretFile(`${baseName}.combined.pem`, 'private-key', combined)];
}

/** Leaf and intermediates, never the root: what a server sends. */
export function fullChainPem({ certificate, chain }: NamedCertificate): string {
  return [certificate, ...chain].map(({ pem }) => pem).join('');
}

/**
 * The intermediates. Under a root there are none; the file is written all the same, with a line of text
 * (allowed outside the blocks, RFC 7468 §2), so that it never keeps the intermediates of an earlier export.
 */
function chainPem({ chain }: NamedCertificate): string {
  if (chain.length > 0) return chain.map(({ pem }) => pem).join('');
  // Without the name: one that an imported CA has certified may hold line breaks, and between them a certificate of somebody else.
  return 'No intermediate certificate: the root itself issued this one.\n';
}
