import { codedError, isCodedError } from '../model/errors';
import { Certificate } from '../pki/certificate';
import type { CaFileName, CaFolder } from '../store/ca-folder';
import type { CertificateAuthority } from './certificate-authority';

/** The chain and the trust anchors come from above; they follow when those above change. */
export async function refreshChain(
  folder: CaFolder,
  certificate: Certificate,
  issuer: CertificateAuthority | undefined,
): Promise<void> {
  const root = !issuer && certificate.isSelfIssued;
  const wanted = issuer
    ? ([
        [
          'chain.pem',
          certificate.pem +
            issuer
              .chainFor(certificate)
              .map(({ pem }) => pem)
              .join(''),
        ],
        ['trust.pem', issuer.trustAnchorsPem],
      ] as const)
    : ([
        ['chain.pem', root ? '' : certificate.pem],
        ['trust.pem', certificate.pem],
      ] as const);
  const changed: (typeof wanted)[number][] = [];
  for (const file of wanted) {
    const found = await folder.readIfThere(file[0]);
    // Without the CA above, what the folder says stands.
    if (issuer ? found?.toString('utf8') !== file[1] : found === undefined) changed.push(file);
  }
  if (changed.length > 0) await folder.writeAll(changed);
}

/**
 * What the folder hands out beside the CA certificate.
 *
 * @throws CA_CORRUPT when the trust anchors are those of another CA: whoever got them would trust that one
 */
export async function readChain(folder: CaFolder, certificate: Certificate) {
  const chain = await readCertificates(folder, 'chain.pem');
  const trustAnchors = await readCertificates(folder, 'trust.pem');
  const path = pathFrom(certificate, chain);
  const anchored = trustAnchors.some((anchor) => path.some((link) => link.equals(anchor) || link.isSignedBy(anchor)));
  if (!anchored) throw foreignAnchors(folder, certificate, trustAnchors);
  return { chain, trustAnchors };
}

/** Read a file of the folder; an error names it. */
export async function readAs<T>(folder: CaFolder, name: CaFileName, parse: (bytes: Buffer) => T): Promise<T> {
  const bytes = await folder.read(name);
  try {
    return parse(bytes);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const path = folder.pathOf(name);
    throw codedError(error.code, `${path}: ${error.message}`, { ...error.cause, path }, error.hint);
  }
}

function readCertificates(folder: CaFolder, name: 'chain.pem' | 'trust.pem'): Promise<Certificate[]> {
  return readAs(folder, name, (bytes) => {
    return bytes.toString('utf8').trim() === '' ? [] : Certificate.allFromPem(bytes);
  });
}

/** The certificate and those above it. */
function pathFrom(certificate: Certificate, chain: readonly Certificate[]): Certificate[] {
  const path = [certificate];
  const others = chain.filter((other) => !other.equals(certificate));
  for (let last: Certificate | undefined = certificate; last;) {
    const below: Certificate = last;
    const index = others.findIndex((other) => below.isSignedBy(other));
    last = index === -1 ? undefined : others.splice(index, 1)[0];
    if (last) path.push(last);
  }
  return path;
}

function foreignAnchors(folder: CaFolder, certificate: Certificate, found: readonly Certificate[]) {
  const path = folder.pathOf('trust.pem');
  const names = found.map(({ subjectText }) => subjectText).slice(0, 5);
  return codedError(
    'CA_CORRUPT',
    `${path} holds no trust anchor of the CA ${certificate.subjectText}: ${names.join(', ') || 'it is empty'}`,
    { folder: folder.path, file: 'trust.pem', path, found: names, expected: certificate.subjectText },
    'Restore trust.pem from a backup of the folder; that of a root CA holds the same certificate as ca.pem',
  );
}
