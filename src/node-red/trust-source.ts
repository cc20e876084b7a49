import type { CertificateAuthority } from '../ca/certificate-authority';
import type { TlsMaterialParts } from '../tls/tls-material';
import { readRevocationList } from '../pki/revocation-list';
import { readRevocationLists } from '../tls/revocation';
import { readTrustAnchors } from '../tls/trust';
import { authorityOf } from './authority-node';
import { currentCoreTls } from './core-tls-config';
import {
  absent,
  needed,
  readFile,
  unsupported,
  type MaterialContext,
  type MaterialSettings,
} from './material-settings';

export type TrustParts = Pick<TlsMaterialParts, 'trust' | 'crlPem' | 'crlScope'>;

/**
 * Whom to trust. A CA of ours brings its revocation list, so that a revoked server is refused.
 *
 * @throws INPUT_CONFIG, STORE_*, PEM_*, CERT_MALFORMED, CERT_NOT_A_CA, CRL_MALFORMED; CA_* when the CA is not available
 */
export async function readTrust(context: MaterialContext, settings: MaterialSettings): Promise<TrustParts> {
  switch (settings.trust) {
    case 'system':
      return { trust: { kind: 'system' } };
    case 'ca':
      return trustOfAuthority(await authorityOf(context.RED, settings.ca ?? ''));
    case 'file': {
      const { bytes, label } = await readFile(context, settings.caFile, 'caFile', 'the CA file');
      return { trust: readTrustAnchors(bytes, label), ...(await listsOfFile(context, settings.crlFile)) };
    }
    case 'pem':
      return { trust: readTrustAnchors(needed(settings.caPem, 'caPem', 'CA certificate'), 'the CA certificate') };
    case 'tls-config': {
      const { ca } = await currentCoreTls(context, settings.tlsConfig ?? '');
      // Without a CA the core node means all public roots, which nobody said.
      if (!ca) throw absent('tlsConfig', 'the tls-config has no CA certificate', 'Add the CA certificate to it');
      return { trust: readTrustAnchors(ca, 'the CA certificate of the tls-config') };
    }
    default:
      throw unsupported('trust', settings.trust);
  }
}

/** @returns the lists of a file, checked; nothing when none is set */
async function listsOfFile(context: MaterialContext, file: string | undefined): Promise<{ crlPem?: string[] }> {
  if (!file?.trim()) return {};
  const { bytes } = await readFile(context, file, 'crlFile', 'the revocation list');
  // A DER list is a SEQUENCE; text does not begin with a byte above 7F behind a "0".
  const isDer = bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80;
  const crlPem = [isDer ? readRevocationList(bytes).pem : bytes.toString('latin1')];
  readRevocationLists(crlPem);
  return { crlPem };
}

async function trustOfAuthority(authority: CertificateAuthority): Promise<TrustParts> {
  const label = `the CA "${authority.certificate.subject.commonName ?? ''}"`;
  return {
    trust: { kind: 'anchors', pem: authority.trustAnchorsPem, label },
    // Only the list of this CA is at hand: CAs above and below it have lists of their own.
    crlPem: [(await authority.crl()).pem],
    crlScope: 'listed-cas',
  };
}
