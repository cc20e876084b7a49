import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { secretPrivateKeyPem } from '../pki/private-key';
import { baseNames, CA_NAME, checkBaseName, namedCertificates } from './base-name';
import { isServer, type ExportInput, type NamedCertificate } from './export-input';
import { publicFile, secretFile, type ExportFile } from './export-plan';
import { keyPemFile, listed } from './key-file';
import { LEVELS } from './mosquitto-configuration';
import { fullChainPem } from './pem-layout';

/** The certificate of a broker and those of its clients. */
export interface BrokerCertificates {
  /** Absent where nothing is encrypted. */
  server?: NamedCertificate;
  clients: NamedCertificate[];
}

/**
 * What the chosen level asks for.
 *
 * @throws INPUT_LAYOUT for an unknown level, or without users where it needs them
 */
export function checkLevel({ settings, users }: ExportInput) {
  if (!Object.hasOwn(LEVELS, settings.level)) {
    throw codedError(
      'INPUT_LAYOUT',
      `the security level is ${shownValue(settings.level)}, expected one of ${Object.keys(LEVELS).join(', ')}`,
      { field: 'level', value: shownValue(settings.level) },
      'Open the node and choose one under Security',
    );
  }
  const level = LEVELS[settings.level];
  if (level.needsUsers && users.length === 0) {
    throw codedError(
      'INPUT_LAYOUT',
      `the level ${settings.level} (${level.words}) needs users with passwords, none are set`,
      { field: 'users', level: settings.level },
      'Enter one user:password per line in the export node',
    );
  }
  return level;
}

/**
 * The first server certificate, and all others as clients; their files never take the name of the server's.
 *
 * @throws INPUT_LAYOUT without a server certificate where the level needs one, INPUT_FOLDER
 */
export function brokerCertificates(input: ExportInput): BrokerCertificates {
  const { certificates, settings } = input;
  if (!checkLevel(input).tls) return { clients: namedCertificates(input) };
  const server = certificates.find(isServer);
  if (!server) {
    const profiles = certificates.map(({ profile }) => profile);
    throw codedError(
      'INPUT_LAYOUT',
      `the level ${settings.level} needs a certificate with the profile server, got ${listed(profiles) || 'none'}`,
      { field: 'payload', level: settings.level, profiles: profiles.slice(0, 20) },
      `Send the output of a tls-issue node with the profile server, or the name of such a certificate`,
    );
  }
  const baseName = settings.baseName === '' ? 'server' : checkBaseName(settings.baseName);
  const others = certificates.filter((certificate) => certificate !== server);
  const names = baseNames(others, [CA_NAME, baseName]);
  return {
    server: { ...server, baseName },
    clients: others.map((client, index) => ({ ...client, baseName: names[index] as string })),
  };
}

/** Certificate with chain, and the key in clear: a broker without a terminal cannot ask for a passphrase. */
export function serverFiles({ secretPrivateKey: key, ...server }: NamedCertificate): ExportFile[] {
  const certificate = publicFile(`${server.baseName}.crt.pem`, 'certificate', fullChainPem(server));
  return key
    ? [certificate, secretFile(`${server.baseName}.key.pem`, 'private-key', secretPrivateKeyPem(key))]
    : [certificate];
}

/** Certificate with chain, and the key, encrypted when the node has a passphrase. */
export function clientFiles({ secretPrivateKey: key, ...client }: NamedCertificate, input: ExportInput): ExportFile[] {
  const certificate = publicFile(`${client.baseName}.crt.pem`, 'certificate', fullChainPem(client));
  return key ? [certificate, keyPemFile(`${client.baseName}.key.pem`, key, input)] : [certificate];
}
