import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NodeAPI } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { TlsCaNode } from './authority-node';

/** All tls-ca nodes that run, in the order of the flows. */
export function authorityNodes(RED: NodeAPI): TlsCaNode[] {
  const nodes: TlsCaNode[] = [];
  RED.nodes.eachNode(({ id, type }) => {
    const node = type === 'tls-ca' ? (RED.nodes.getNode(id) as TlsCaNode | null) : null;
    if (typeof node?.authority === 'function') nodes.push(node);
  });
  return nodes;
}

/** The CAs that are open, by the id of their node. Two nodes over one folder are one CA. */
export async function livingAuthorities(RED: NodeAPI): Promise<Map<string, CertificateAuthority>> {
  const living = new Map<string, CertificateAuthority>();
  const seen = new Set<CertificateAuthority>();
  for (const node of authorityNodes(RED)) {
    const authority = await authorityIfOpen(node);
    if (!authority || seen.has(authority)) continue;
    seen.add(authority);
    living.set(node.id, authority);
  }
  return living;
}

/** The CA of a node if it is open: neither waits for one that is being made, nor makes an attempt after a failure. */
export async function authorityIfOpen(node: TlsCaNode): Promise<CertificateAuthority | undefined> {
  if (node.failure) return undefined;
  try {
    return await Promise.race([node.authority(), nextTurn(undefined)]);
  } catch {
    return undefined; // the node says why: `failure`
  }
}
