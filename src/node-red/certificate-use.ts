import type { NodeAPI } from 'node-red';
import type { CertificateUse, UseKind } from '../model/certificate-view';
import { Certificate } from '../pki/certificate';
import { authorityNode } from './authority-node';
import { authorityIfOpen } from './authority-nodes';
import type { SecureMqttBrokerNode } from './broker-node';
import type { CertificateRow } from './certificate-row';
import { coreTlsOptions } from './core-tls-config';
import type { EmbeddedBrokerNode } from './embedded-broker';
import type { ExportingNode } from './export-register';
import type { ProbingNode } from './probe-history';

/** What a node uses: a certificate by its content, or one of the node's CA by its number. */
type Found = { place?: string; at?: string } & ({ fingerprint256: string } | { serialNumber: string });
type Finder = (RED: NodeAPI, id: string) => Promise<Found[]> | Found[];

/** By type, what a running node uses. Nobody is made to connect, issue or read anything for it. */
const FINDERS: Record<string, { kind: UseKind; find: Finder }> = {
  'tls-ca': {
    kind: 'authority',
    find: async (RED, id) => {
      const authority = await authorityIfOpen(authorityNode(RED, id));
      return authority ? [{ fingerprint256: authority.fingerprint256 }] : [];
    },
  },
  'secure-mqtt-broker-config': {
    kind: 'connection',
    find: (RED, id) => pemOf((RED.nodes.getNode(id) as Partial<SecureMqttBrokerNode> | null)?.identityPem),
  },
  'secure-mqtt-server': {
    kind: 'server',
    find: (RED, id) => pemOf((RED.nodes.getNode(id) as Partial<EmbeddedBrokerNode> | null)?.certificatePem),
  },
  'tls-config': { kind: 'core', find: (RED, id) => pemOf(coreTlsOptions(RED, id).cert) },
  'tls-export': {
    kind: 'exported',
    find: async (RED, id) => {
      const exported = await (RED.nodes.getNode(id) as Partial<ExportingNode> | null)?.exported?.();
      return (exported ?? []).map(({ serialNumber, folder, at }) => ({ serialNumber, place: folder, at }));
    },
  },
  'tls-probe': {
    kind: 'served',
    find: async (RED, id) => {
      const seen = await (RED.nodes.getNode(id) as Partial<ProbingNode> | null)?.lastSeen?.();
      return Object.entries(seen ?? {}).flatMap(([endpoint, { fingerprint256, seenAt }]) =>
        fingerprint256 ? [{ fingerprint256, place: endpoint.split(' ')[0] ?? endpoint, at: seenAt }] : [],
      );
    },
  },
};

/** By {@link useKey}. */
export type CertificateUses = ReadonlyMap<string, readonly CertificateUse[]>;

export function useKey({ ca, serialNumber }: Pick<CertificateRow, 'ca' | 'serialNumber'>): string {
  return `${ca} ${serialNumber}`;
}

/** Who uses which of these certificates. A node that cannot be asked uses none: its own status says what is wrong. */
export async function findUses(
  RED: NodeAPI,
  rows: readonly Pick<CertificateRow, 'ca' | 'serialNumber' | 'fingerprint256'>[],
): Promise<CertificateUses> {
  const known = new Set<string>();
  const byFingerprint = new Map<string, string>();
  for (const row of rows) {
    known.add(useKey(row));
    byFingerprint.set(row.fingerprint256, useKey(row));
  }
  const uses = new Map<string, CertificateUse[]>();
  for (const { id, type, name, ca = '' } of runningNodes(RED)) {
    const finder = FINDERS[type];
    for (const { place, at, ...found } of finder ? await findQuietly(RED, id, finder.find) : []) {
      const key = 'serialNumber' in found ? useKey({ ca, ...found }) : byFingerprint.get(found.fingerprint256);
      if (!finder || key === undefined || !known.has(key)) continue;
      const use = {
        kind: finder.kind,
        node: id,
        type,
        label: name || type,
        ...(place !== undefined && { place }),
        ...(at && { at }),
      };
      uses.set(key, [...(uses.get(key) ?? []), use]);
    }
  }
  return uses;
}

interface ConfiguredNode {
  id: string;
  type: string;
  name?: string;
  /** Of a node of ours: its CA. */
  ca?: string;
}

function runningNodes(RED: NodeAPI): ConfiguredNode[] {
  const nodes: ConfiguredNode[] = [];
  RED.nodes.eachNode((node) => {
    const { id, type, name, ca } = node as ConfiguredNode;
    if (Object.hasOwn(FINDERS, type) && RED.nodes.getNode(id)) nodes.push({ id, type, name, ca });
  });
  return nodes;
}

async function findQuietly(RED: NodeAPI, id: string, find: Finder): Promise<Found[]> {
  try {
    return await find(RED, id);
  } catch {
    return [];
  }
}

/** The first certificate of a text is the one that is shown; what follows is its chain. */
function pemOf(pem: string | Buffer | undefined): Found[] {
  return pem ? [{ fingerprint256: Certificate.fromPem(pem).fingerprint256 }] : [];
}
