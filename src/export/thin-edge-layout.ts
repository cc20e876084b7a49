import {
  brokerCertificates,
  checkLevel,
  clientFiles,
  serverFiles,
  type BrokerCertificates,
} from './broker-certificates';
import { lineValue, portValue, shellWord, targetFolder, targetPath } from './configuration-text';
import { CRL_NAMES, crlFile } from './crl-file';
import type { ExportInput } from './export-input';
import { publicFile, secretFile, type ExportFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { keyAbsentWarnings, keyNotEncryptedWarnings } from './key-file';
import { listenerConfiguration } from './mosquitto-configuration';
import { mosquittoPasswords } from './mosquitto-passwords';
import { ignoredCrl, levelWarnings, nameWarnings } from './mosquitto-warnings';

/** Where the files lie on the gateway, unless the node says otherwise. */
const USUAL_FOLDER = '/etc/tedge/mqtt-certs';

const LISTENER = 'tedge-listener.conf';
const SCRIPT = 'tedge-config.sh';

/**
 * Everything a thin-edge.io gateway needs for one security level: certificates and keys, `tedge-config.sh` with the
 * `tedge config set` commands, and `tedge-listener.conf` for a Mosquitto that is configured by hand.
 *
 * The first certificate that is not the broker's is the gateway's own; the others are for its child devices. Its programs open
 * no encrypted key, so keys are written in clear.
 *
 * @throws as `brokerCertificates`
 */
export async function thinEdgeLayout(input: ExportInput): Promise<ExportPlan> {
  const { settings, users } = input;
  const level = checkLevel(input);
  const certificates = brokerCertificates(input);
  const { server, clients } = certificates;
  const crl = level.clientCertificate ? await crlFile(CRL_NAMES['thin-edge'], input) : { warnings: ignoredCrl(input) };
  const passwords = users.length > 0 && !level.clientCertificate ? 'passwd' : undefined;
  const folder = targetFolder(settings.targetDir, USUAL_FOLDER);

  const unencrypted = { ...input, secretPassphrase: undefined };
  const files: ExportFile[] = [
    ...(level.tls ? [publicFile('ca.pem', 'trust', input.authority.trustAnchorsPem + input.authority.chainPem)] : []),
    ...(server ? serverFiles(server) : []),
    ...(await inSlices(clients, (client) => clientFiles(client, unencrypted))),
    ...(crl.file ? [crl.file] : []),
    ...(passwords ? [secretFile(passwords, 'passwords', await mosquittoPasswords(users, input.random))] : []),
  ];
  const listener = listenerConfiguration({
    level: settings.level,
    identity: level.clientCertificate ? 'certificate' : passwords ? 'password' : 'anonymous',
    port: settings.brokerPort,
    targetDir: folder,
    files: {
      ca: level.tls ? 'ca.pem' : undefined,
      certificate: server && `${server.baseName}.crt.pem`,
      key: server && `${server.baseName}.key.pem`,
      crl: crl.file?.name,
      passwords,
    },
  });
  files.push(
    publicFile(LISTENER, 'configuration', listener),
    publicFile(SCRIPT, 'configuration', script(input, certificates, files, folder)),
  );
  const keys = files.filter(({ kind }) => kind === 'private-key').map(({ name }) => name);
  return {
    files,
    warnings: [
      ...keyAbsentWarnings(server ? [server, ...clients] : clients),
      ...crl.warnings,
      ...levelWarnings(input),
      ...(server ? nameWarnings(server, input) : []),
      ...(input.secretPassphrase ? keyNotEncryptedWarnings(keys) : []),
    ],
  };
}

/** Settings of thin-edge.io as it names them (`tedge config list`); none is set whose file was not made. */
function tedgeSettings(input: ExportInput, { server, clients }: BrokerCertificates, folder: string) {
  const { settings } = input;
  const { tls, clientCertificate } = checkLevel(input);
  const port = String(portValue(settings.brokerPort));
  const at = (name: string): string => targetPath(folder, name);
  const own = clientCertificate ? clients.find(({ secretPrivateKey }) => secretPrivateKey) : undefined;
  const listener: [string, string][] = [['mqtt.external.bind.port', port]];
  const client: [string, string][] = [
    ['mqtt.client.host', lineValue('brokerHost', settings.brokerHost)],
    ['mqtt.client.port', port],
  ];
  if (server?.secretPrivateKey) {
    listener.push(
      ['mqtt.external.cert_file', at(`${server.baseName}.crt.pem`)],
      ['mqtt.external.key_file', at(`${server.baseName}.key.pem`)],
    );
  }
  if (clientCertificate) listener.push(['mqtt.external.ca_path', at('ca.pem')]);
  if (tls) client.push(['mqtt.client.auth.ca_file', at('ca.pem')]);
  if (own) {
    // One without the other is an error for thin-edge.io.
    client.push(
      ['mqtt.client.auth.cert_file', at(`${own.baseName}.crt.pem`)],
      ['mqtt.client.auth.key_file', at(`${own.baseName}.key.pem`)],
    );
  }
  return { listener, client, own };
}

function script(
  input: ExportInput,
  certificates: BrokerCertificates,
  files: readonly ExportFile[],
  folder: string,
): string {
  const { listener, client, own } = tedgeSettings(input, certificates, folder);
  const ownFiles = own ? [`${own.baseName}.crt.pem`, `${own.baseName}.key.pem`] : [];
  // What is left are the files of child devices, which do not belong on the gateway.
  const others = certificates.clients.filter((one) => one !== own).map(({ baseName }) => baseName);
  const needed = files.filter(
    ({ name, kind }) =>
      kind !== 'configuration' && !others.some((other) => [`${other}.crt.pem`, `${other}.key.pem`].includes(name)),
  );
  const install = needed.map(({ name, mode }) => {
    const owner = ownFiles.includes(name) ? 'tedge' : 'mosquitto';
    return `install -o ${owner} -g ${owner} -m 0${mode.toString(8)} -- ${name} "$to/${name}"`;
  });
  const set = (entries: [string, string][]): string[] =>
    entries.map(([name, value]) => `tedge config set ${name} ${shellWord(value)}`);
  return `${[
    '#!/bin/sh',
    `# ${checkLevel(input).words}. Run it as root on the gateway, in the folder of these files.`,
    'set -eu',
    `to=${shellWord(folder)}`,
    'mkdir -p -- "$to"',
    '',
    '# Keys can be read by their owner only: those of the broker by mosquitto, those of thin-edge.io by tedge.',
    ...install,
    '',
    '# The listener for other devices. thin-edge.io gives it to Mosquitto at the next "tedge reconnect".',
    `# To configure Mosquitto by hand leave these out and copy ${LISTENER} to /etc/tedge/mosquitto-conf/.`,
    ...set(listener),
    '',
    '# The programs of thin-edge.io as clients of that broker.',
    ...set(client),
    '',
    'echo "Now: systemctl restart mosquitto tedge-agent, or tedge reconnect c8y"',
  ].join('\n')}\n`;
}
