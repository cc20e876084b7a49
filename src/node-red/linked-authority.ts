import type { NodeAPI } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { Certificate } from '../pki/certificate';
import type { TlsMaterialParts } from '../tls/tls-material';
import { authorityOf } from './authority-node';
import { usesIdentity, type MaterialSettings } from './material-settings';
import { intermediatesOf } from './probe-inventory';

/** What the CA behind the settings of a probe adds to what a connection shows. */
export interface LinkedAuthority {
  /** Whose inventory knows what the servers should serve. */
  authority?: CertificateAuthority;
  knownIntermediates?: readonly Certificate[];
  /** Its revocation list, PEM. */
  list?: string;
}

/** The CA of the settings in use, when trust or identity come from it; an unused choice in them is none. */
export async function linkedAuthority(RED: NodeAPI, settings: MaterialSettings | undefined): Promise<LinkedAuthority> {
  if (!settings?.ca || !usesAuthority(settings)) return {};
  const authority = await authorityOf(RED, settings.ca);
  return { authority, knownIntermediates: await intermediatesOf(authority), list: (await authority.crl()).pem };
}

/**
 * The CA that is linked says what it has revoked also when the trust comes from elsewhere: a revoked server is refused
 * before anything is said to it, not found in the inventory after it has heard the password.
 */
export function withListOf({ list }: LinkedAuthority, material: TlsMaterialParts): TlsMaterialParts {
  const { crlPem, crlScope } = material;
  if (!list || crlPem?.includes(list)) return material;
  return { ...material, crlPem: [...(crlPem ?? []), list], crlScope: crlPem ? crlScope : 'listed-cas' };
}

function usesAuthority(settings: MaterialSettings): boolean {
  const { security, trust, identity } = settings;
  if (security === 'none') return false;
  return trust === 'ca' || (usesIdentity(settings) && (identity === 'issue' || identity === 'store'));
}
