import type { MosquittoDialect, SecurityLevel } from '../model/config/tls-export';
import { lineValue, portValue, targetPath } from './configuration-text';

/** What a security level asks of a client and of the exporter. */
interface LevelRow {
  words: string;
  tls: boolean;
  clientCertificate: boolean;
  /** Users are needed; at every other level they are added when there are some (thin-edge.io: "may be added to each"). */
  needsUsers: boolean;
}

export const LEVELS: Record<SecurityLevel, LevelRow> = {
  plain: { words: 'no encryption', tls: false, clientCertificate: false, needsUsers: false },
  server: {
    words: 'encrypted, clients verify the broker',
    tls: true,
    clientCertificate: false,
    needsUsers: false,
  },
  'server-password': {
    words: 'encrypted, clients verify the broker and log in with a password',
    tls: true,
    clientCertificate: false,
    needsUsers: true,
  },
  mutual: {
    words: 'encrypted, broker and clients verify each other by certificate',
    tls: true,
    clientCertificate: true,
    needsUsers: false,
  },
};

/** Who a client is for the broker. */
export type ClientIdentity = 'anonymous' | 'password' | 'certificate' | 'certificate and password';

/** The settings of one `mosquitto.conf`. File names stand for files beside it. */
export interface BrokerSettings {
  level: SecurityLevel;
  dialect: MosquittoDialect;
  identity: ClientIdentity;
  port: number;
  /** The folder as the broker sees it. */
  targetDir: string;
  /** Comment lines at the head of the file, without `#`. */
  remarks: readonly string[];
  /** Bind the client id to the identity: one connection for each, and nobody takes over another one's session. */
  clientIdIsIdentity: boolean;
  files: { ca?: string; certificate?: string; key?: string; crl?: string; acl?: string; passwords?: string };
}

type Line = readonly [option: string, value: string] | string;

/**
 * A complete `mosquitto.conf` with a single listener, so that no setting depends on
 * `per_listener_settings` (deprecated in 2.1, and a trap: it moves passwords and rules to one listener).
 *
 * @throws INPUT_LAYOUT for a folder that would break out of its line, INPUT_PORT
 */
export function mosquittoConfiguration(settings: BrokerSettings): string {
  const targetDir = lineValue('targetDir', settings.targetDir);
  const port = portValue(settings.port);
  const at = (name: string): string => targetPath(targetDir, name);
  return text([
    `# Mosquitto ${settings.dialect}: ${LEVELS[settings.level].words}.`,
    ...settings.remarks.map((remark) => `# ${remark}`),
    '# The next export replaces this file.',
    '',
    ['persistence', 'true'],
    ['persistence_location', persistenceLocation(targetDir)],
    // Not a file: a broker that may not write there does not start. Not stdout: 2.0.11 holds lines back in a pipe.
    '# Shown by "docker logs" and journalctl.',
    ['log_dest', 'stderr'],
    '',
    ...accessLines(settings, at),
    `# The old form of the next line, "port ${port}", is deprecated.`,
    ['listener', String(port)],
    ...tlsLines(settings, at),
    ...identityLines(settings),
  ]);
}

/**
 * One listener with its own access rules, to be included after `per_listener_settings true` as in the configuration of
 * thin-edge.io: rules that stand after a listener are its own then, and the local listener stays as it is.
 *
 * @throws INPUT_LAYOUT for a folder that would break out of its line, INPUT_PORT
 */
export function listenerConfiguration(
  settings: Omit<BrokerSettings, 'dialect' | 'remarks' | 'clientIdIsIdentity'>,
): string {
  const targetDir = lineValue('targetDir', settings.targetDir);
  const at = (name: string): string => targetPath(targetDir, name);
  const full: BrokerSettings = { ...settings, dialect: '2.0', remarks: [], clientIdIsIdentity: false };
  return text([
    `# ${LEVELS[settings.level].words}; needs "per_listener_settings true", which thin-edge.io sets.`,
    ['listener', String(portValue(settings.port))],
    ...accessLines(full, at),
    ...tlsLines(full, at),
    ...identityLines(full),
  ]);
}

function text(lines: readonly Line[]): string {
  return lines.map((line) => (typeof line === 'string' ? line : line.join(' '))).join('\n') + '\n';
}

/** Where the packages of the broker keep their database, by the folder that their configuration has. */
const PERSISTENCE: readonly (readonly [prefix: string, location: string])[] = [
  ['/mosquitto/', '/mosquitto/data/'], // eclipse-mosquitto image
  ['/etc/mosquitto/', '/var/lib/mosquitto/'], // Debian
];

function persistenceLocation(targetDir: string): string {
  const known = PERSISTENCE.find(([prefix]) => targetPath(targetDir, '').startsWith(prefix));
  // Elsewhere the broker's own folder is the only place that is known to exist.
  return known ? known[1] : targetPath(targetDir, '');
}

/** Where the image of Mosquitto 2.1 keeps its plugins. */
const PLUGIN_FOLDER = '/usr/lib';

function accessLines({ dialect, identity, files }: BrokerSettings, at: (name: string) => string): Line[] {
  const lines: Line[] = [['allow_anonymous', String(identity === 'anonymous')]];
  for (const [option, name] of [
    ['password_file', files.passwords],
    ['acl_file', files.acl],
  ] as const) {
    if (name === undefined) continue;
    if (dialect === '2.0') lines.push([option, at(name)]);
    // 2.1 deprecates both options in favour of plugins with the same files (mosquitto.conf(5) of 2.1).
    else lines.push(['global_plugin', `${PLUGIN_FOLDER}/mosquitto_${option}.so`], [`plugin_opt_${option}`, at(name)]);
  }
  return [...lines, ''];
}

function tlsLines({ level, files }: BrokerSettings, at: (name: string) => string): Line[] {
  const { tls, clientCertificate } = LEVELS[level];
  if (!tls) return [];
  const option = (name: string, file: string | undefined): Line[] => (file === undefined ? [] : [[name, at(file)]]);
  return [
    // thin-edge.io's page has these three swapped; right is: CA of the clients, own certificate, own key.
    '# cafile: the CA of the clients; certfile and keyfile: the certificate of this broker and its key.',
    ...option('cafile', files.ca),
    ...option('certfile', files.certificate),
    '# The key has no passphrase: a broker without a terminal cannot ask for one.',
    ...option('keyfile', files.key),
    ['require_certificate', String(clientCertificate)],
    ...(clientCertificate ? option('crlfile', files.crl) : []),
  ];
}

function identityLines({ identity, clientIdIsIdentity }: BrokerSettings): Line[] {
  const lines: Line[] = [];
  if (identity === 'certificate') {
    lines.push('# The common name of the client certificate is the user name; passwords are not asked.', [
      'use_identity_as_username',
      'true',
    ]);
  }
  if (identity === 'anonymous') return lines;
  return clientIdIsIdentity
    ? [...lines, '# One connection for each name, and nobody takes over the session of another.', CLIENT_ID]
    : [
        ...lines,
        '# Uncomment to allow one connection for each name, so that nobody takes over the session of another:',
        `#${CLIENT_ID.join(' ')}`,
      ];
}

const CLIENT_ID = ['use_username_as_clientid', 'true'] as const;
