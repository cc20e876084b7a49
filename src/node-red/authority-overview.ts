import type { NodeAPI } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { AuthorityFailed, AuthorityOpening, AuthorityOverview, AuthorityReady } from '../model/certificate-view';
import { daysRemaining } from '../model/duration';
import { authorityIfOpen, authorityNodes } from './authority-nodes';
import type { TlsCaNode } from './authority-node';

/**
 * All CAs that run, ready or not. Looking makes no attempt to open one. Nodes over one folder, as several examples of the
 * workshop bring them, are one CA: it has the id and the name of the first, as its certificates do.
 */
export async function authoritiesOverview(RED: NodeAPI, now: number): Promise<AuthorityOverview[]> {
  const users = usersByAuthority(RED);
  const overviews: AuthorityOverview[] = [];
  const known = new Map<CertificateAuthority, AuthorityOverview>();
  for (const node of authorityNodes(RED)) {
    const authority = await authorityIfOpen(node);
    const same = authority && known.get(authority);
    if (same) {
      same.users += users.get(node.id) ?? 0;
      continue;
    }
    const overview = {
      id: node.id,
      name: (node.name ?? '').trim() || node.id,
      users: users.get(node.id) ?? 0,
      ...(authority ? await readyState(authority, now) : closedState(node)),
    };
    if (authority) known.set(authority, overview);
    overviews.push(overview);
  }
  return overviews;
}

function closedState({ failure }: TlsCaNode): AuthorityOpening | AuthorityFailed {
  if (!failure) return { state: 'opening' };
  const { code, message, hint } = failure;
  return { state: 'failed', code, message, hint: hint ?? '' };
}

async function readyState(authority: CertificateAuthority, now: number): Promise<AuthorityReady> {
  const { certificate, keysEncrypted, fingerprint256 } = authority;
  const crl = await authority.crl().catch(() => undefined);
  return {
    state: 'ready',
    commonName: certificate.subject.commonName ?? '',
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    daysRemaining: daysRemaining(certificate.notAfter, now),
    keyType: certificate.keyDescription,
    keysEncrypted,
    fingerprint256,
    issuer: certificate.isSelfIssued ? '' : (certificate.issuer.commonName ?? certificate.issuerText),
    issued: authority.list({ limit: 0 }).total,
    crlUntil: crl?.nextUpdate.toISOString() ?? null,
  };
}

function usersByAuthority(RED: NodeAPI): Map<string, number> {
  const users = new Map<string, number>();
  RED.nodes.eachNode((node) => {
    const { ca } = node as { ca?: unknown };
    if (typeof ca === 'string') users.set(ca, (users.get(ca) ?? 0) + 1);
  });
  return users;
}
