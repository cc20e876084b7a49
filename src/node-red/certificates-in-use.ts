import type { NodeAPI } from 'node-red';
import type { CertificateAuthority, InventoryEntry } from '../ca/certificate-authority';
import type { UseKind } from '../model/certificate-view';
import { findUses, useKey } from './certificate-use';
import type { EmbeddedBrokerNode } from './embedded-broker';

/** A certificate of a CA and where it was met. */
export interface CertificateInUse {
  serialNumber: string;
  commonName: string;
  /** `client`: shown by a client of an embedded broker. `exported` is no proof that anybody shows it. */
  kind: UseKind | 'client';
  /** Name of the node that knows. */
  label: string;
  /** The folder of an export, or the endpoint that a probe saw. */
  place?: string;
}

/**
 * Which certificates are used by what runs in this Node-RED, were shown by servers when a probe looked last, and are shown by
 * clients of embedded brokers. Of devices at other brokers nobody here knows.
 *
 * @param ca id of the tls-ca node
 */
export async function certificatesInUse(
  RED: NodeAPI,
  ca: string,
  authority: CertificateAuthority,
): Promise<CertificateInUse[]> {
  const { items } = await authority.listInTurns();
  const rows = items.map(({ serialNumber, fingerprint256 }) => ({ ca, serialNumber, fingerprint256 }));
  const uses = await findUses(RED, rows);
  const clients = clientsOfBrokers(RED, ca);
  return items.flatMap((item) => {
    const found = uses.get(useKey({ ca, serialNumber: item.serialNumber })) ?? [];
    return [...found, ...(clients.get(item.serialNumber) ?? [])].map((use) => inUse(item, use));
  });
}

/** Serial numbers of those that somebody shows: what an export has written may lie in a drawer. */
export function shownSerialNumbers(found: readonly CertificateInUse[]): Set<string> {
  return new Set(found.filter(({ kind }) => kind !== 'exported').map(({ serialNumber }) => serialNumber));
}

type Use = Pick<CertificateInUse, 'kind' | 'label' | 'place'>;

function inUse({ serialNumber, commonName }: InventoryEntry, { kind, label, place }: Use): CertificateInUse {
  return { serialNumber, commonName, kind, label, ...(place !== undefined && { place }) };
}

/** By serial number. */
function clientsOfBrokers(RED: NodeAPI, ca: string): Map<string, Use[]> {
  const found = new Map<string, Use[]>();
  RED.nodes.eachNode((node) => {
    const { id, type, name, ca: used } = node as { id: string; type: string; name?: string; ca?: string };
    if (type !== 'secure-mqtt-server' || used !== ca) return;
    const broker = RED.nodes.getNode(id) as Partial<EmbeddedBrokerNode> | null;
    for (const serialNumber of broker?.clientSerialNumbers ?? []) {
      found.set(serialNumber, [...(found.get(serialNumber) ?? []), { kind: 'client', label: name || type }]);
    }
  });
  return found;
}
