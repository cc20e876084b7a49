import { CONTRACTS } from '../../test/support/contracts';

/** An interface of the source that a node sends. */
interface Result {
  /** What the fields are of. */
  title: string;
  file: string;
  name: string;
}

export interface NodeRow {
  type: string;
  defaults: object;
  config: readonly [file: string, name: string];
  results?: readonly Result[];
}

const CERTIFICATE: Result = {
  title: '`payload`, for each certificate',
  file: 'src/model/certificate-result.ts',
  name: 'CertificateResult',
};
const EVENT: Result = { title: '`payload`', file: 'src/ca/authority-event.ts', name: 'AuthorityEvent' };

/** What each node sends, as the compiler checks it. */
const RESULTS: Readonly<Record<string, readonly Result[]>> = {
  'tls-issue': [
    CERTIFICATE,
    { title: '`payload` of the actions on the CA itself', file: 'src/ca/rollover-state.ts', name: 'RolloverState' },
  ],
  'tls-export': [
    { title: '`payload`', file: 'src/export/export-result.ts', name: 'ExportResult' },
    { title: '`payload.files`, each', file: 'src/export/export-result.ts', name: 'ExportedFile' },
    { title: '`payload`, when the broker is told', file: 'src/node-red/broker-export.ts', name: 'BrokerExportResult' },
    { title: '`payload.replaced`', file: 'src/export/broker-replacement.ts', name: 'ReplacedCertificate' },
    { title: '`payload` of the second output', file: 'src/node-red/broker-reload.ts', name: 'ReloadNews' },
  ],
  'tls-revoke': [
    { title: '`payload`', file: 'nodes/tls-revoke.ts', name: 'Revocation' },
    { title: '`payload.revoked`, each', file: 'src/ca/revocation.ts', name: 'RevokedEntry' },
  ],
  'tls-inventory': [
    { title: '`payload`', file: 'src/ca/inventory-query.ts', name: 'InventoryList' },
    { title: '`payload.items`, each, unless it is CSV', file: 'src/ca/inventory-entry.ts', name: 'InventoryEntry' },
  ],
  'tls-watch': [EVENT],
  'tls-probe': [
    { title: '`payload`', file: 'src/tls/probe-report.ts', name: 'ProbeReport' },
    { title: '`payload.leaf`, and each of the chain', file: 'src/tls/probe-report.ts', name: 'CertificateSummary' },
    { title: '`payload.leaf`, besides', file: 'src/tls/probe-report.ts', name: 'LeafSummary' },
  ],
  'secure-mqtt-in': [{ title: 'The message', file: 'src/mqtt/received-message.ts', name: 'ReceivedMessage' }],
  'secure-mqtt-server': [{ title: '`payload`', file: 'src/mqtt/server-event.ts', name: 'ServerEvent' }],
};

/** `tls-ca` has its settings in `TlsCaConfig`, and so on. */
function configOf(type: string): [string, string] {
  const name = type.replace(/-config$/, '').replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return [`src/model/config/${type}.ts`, `${name}Config`];
}

/** All nodes, in the order of the contract. */
export const NODES: readonly NodeRow[] = Object.entries(CONTRACTS).map(([type, defaults]) => ({
  type,
  defaults,
  config: configOf(type),
  results: RESULTS[type],
}));
