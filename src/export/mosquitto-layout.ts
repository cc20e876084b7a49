import { brokerCertificates, checkLevel, clientFiles, serverFiles } from './broker-certificates';
import { unreadableByBroker } from './broker-hints';
import { isUnsafeInLine } from './configuration-text';
import { CRL_NAMES, crlFile } from './crl-file';
import type { ExportInput, NamedCertificate } from './export-input';
import { publicFile, secretFile, type ExportFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { keyAbsentWarnings, listed } from './key-file';
import { siteAcl } from './mosquitto-acl';
import { LEVELS, mosquittoConfiguration, type ClientIdentity } from './mosquitto-configuration';
import { ignoredCrl, levelWarnings, nameWarnings } from './mosquitto-warnings';
import { mosquittoPasswords } from './mosquitto-passwords';

/**
 * Everything a Mosquitto needs for one security level, and the files of the clients that came with it.
 *
 * The configuration starts a broker as it is written, so the key of the server is never encrypted here; those of
 * the clients are when the node has a passphrase.
 *
 * @throws INPUT_LAYOUT without a server certificate where the level needs one, or without users at `server-password`
 */
export async function mosquittoLayout(input: ExportInput): Promise<ExportPlan> {
  const { settings, users } = input;
  const level = checkLevel(input);
  const { server, clients } = brokerCertificates(input);
  const identity = identityOf(input);
  const crl = level.clientCertificate ? await crlFile(CRL_NAMES.mosquitto, input) : { warnings: ignoredCrl(input) };

  const names = {
    ca: level.tls ? 'ca.pem' : undefined,
    certificate: server && `${server.baseName}.crt.pem`,
    key: server && `${server.baseName}.key.pem`,
    crl: crl.file?.name,
    acl: identity === 'anonymous' ? undefined : 'acl',
    passwords: users.length > 0 ? 'passwd' : undefined,
  };
  const files: ExportFile[] = [];
  // Intermediates too, so that a device that sends its certificate alone is accepted.
  if (names.ca) files.push(publicFile(names.ca, 'trust', input.authority.trustAnchorsPem + input.authority.chainPem));
  if (server) files.push(...serverFiles(server));
  for (const file of await inSlices(clients, (client) => clientFiles(client, input))) files.push(file);
  if (crl.file) files.push(crl.file);
  if (names.passwords) {
    files.push(secretFile(names.passwords, 'passwords', await mosquittoPasswords(users, input.random)));
  }
  if (names.acl) files.push(secretFile(names.acl, 'configuration', siteAcl(programs(input), users)));
  const configuration = mosquittoConfiguration({
    level: settings.level,
    dialect: settings.dialect,
    identity,
    port: settings.brokerPort,
    targetDir: settings.targetDir,
    remarks: remarks(server, input),
    clientIdIsIdentity: false,
    files: names,
  });
  files.push(publicFile('mosquitto.conf', 'configuration', configuration));

  return {
    files,
    warnings: [
      ...keyAbsentWarnings(server ? [server, ...clients] : clients),
      ...crl.warnings,
      ...levelWarnings(input),
      ...(server ? nameWarnings(server, input) : []),
      ...(settings.write === 'files' ? unreadableByBroker(files, Object.values(names)) : []),
    ],
  };
}

function identityOf({ settings, users }: ExportInput): ClientIdentity {
  if (!LEVELS[settings.level].clientCertificate) return users.length > 0 ? 'password' : 'anonymous';
  return users.length > 0 ? 'certificate and password' : 'certificate';
}

/** Who has a client certificate as a program, not as a device: from the message and from the CA's inventory. */
function programs({ authority, certificates }: ExportInput): string[] {
  const sent = certificates.filter(({ profile }) => profile === 'client' || profile === 'server-client');
  const known = authority.list({ status: 'valid', profile: 'client', limit: MAX_PROGRAMS }).items;
  return [...sent, ...known].map(({ commonName }) => commonName);
}

/** A site with more programs than this has devices among them. */
const MAX_PROGRAMS = 1000;

function remarks(server: NamedCertificate | undefined, { settings }: ExportInput): string[] {
  const lines: string[] = [];
  if (settings.dialect === '2.1') lines.push(WRITTEN_FROM_MANUAL);
  if (!server) return lines;
  const { subjectAltNames, notAfter } = server.certificate;
  const names = subjectAltNames.filter(({ type }) => type === 'dns' || type === 'ip').map(({ value }) => value);
  const shown = names.filter((name) => !isUnsafeInLine(name));
  return [
    ...lines,
    `Clients connect to one of: ${listed(shown)}.`,
    `The certificate of this broker is valid until ${notAfter.toISOString()}.`,
  ];
}

const WRITTEN_FROM_MANUAL = 'Written from the manual of Mosquitto 2.1; not yet run with a broker of that version.';
