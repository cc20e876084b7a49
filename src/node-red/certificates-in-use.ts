import type { NodeAPI } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import { findUses, useKey } from './certificate-use';
import type { EmbeddedBrokerNode } from './embedded-broker';

/**
 * Serial numbers of certificates that are shown right now: by what runs in this Node-RED, by servers that a probe saw
 * last, and by clients of embedded brokers. Of devices at other brokers nobody here knows.
 *
 * @param ca id of the tls-ca node
 */
export async function certificatesInUse(
  RED: NodeAPI,
  ca: string,
  authority: CertificateAuthority,
): Promise<Set<string>> {
  const { items } = await authority.listInTurns();
  const rows = items.map(({ serialNumber, fingerprint256 }) => ({ ca, serialNumber, fingerprint256 }));
  const uses = await findUses(RED, rows);
  const shown = rows.filter((row) => uses.get(useKey(row))?.some(({ kind }) => kind !== 'exported'));
  return new Set([...shown.map(({ serialNumber }) => serialNumber), ...clientsOfBrokers(RED, ca)]);
}

function clientsOfBrokers(RED: NodeAPI, ca: string): string[] {
  const found: string[] = [];
  RED.nodes.eachNode((node) => {
    const { id, type, ca: used } = node as { id: string; type: string; ca?: string };
    if (type !== 'secure-mqtt-server' || used !== ca) return;
    found.push(...((RED.nodes.getNode(id) as Partial<EmbeddedBrokerNode> | null)?.clientSerialNumbers ?? []));
  });
  return found;
}
