import { cHeader } from '../encoding/c-header';
import { warning } from '../model/errors';
import { createCertificateRequest } from '../pki/certificate-request';
import { secretPrivateKeyDer, secretPrivateKeyPem } from '../pki/private-key';
import { checkBaseName } from './base-name';
import { unreadableByBroker } from './broker-hints';
import { CRL_NAMES, crlFile } from './crl-file';
import { isServer, type ExportInput, type NamedCertificate } from './export-input';
import { publicFile, secretFile, type ExportFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { keyAbsentWarnings, keyNotEncryptedWarnings, keyPemFile } from './key-file';
import { workshopAcl } from './mosquitto-acl';
import { mosquittoConfiguration } from './mosquitto-configuration';
import { mosquittoPasswords } from './mosquitto-passwords';
import { fullChainPem } from './pem-layout';

const ROOT = 'rootCA';
const SERVER = 'mqttServer';
const DEVICE = 'SecuredDev';

/**
 * The files that `makeCertificates.sh` of the ESP8266 workshop makes, with its names (rows W1 to W25 of
 * the acceptance list), without its faults: a passphrase of one's own, different serial numbers, v3
 * certificates with the right usages, and no file that would start a broker only after editing.
 *
 * The root is `rootCA`, the server `mqttServer`, the nth device `SecuredDev01`, `SecuredDev02`, … in the
 * order of the message. Configuration, rules and password file are written when a server is among them,
 * so that a later export of more devices does not replace them.
 */
export async function workshopLayout(input: ExportInput): Promise<ExportPlan> {
  const certificates = workshopNames(input);
  const root = await rootFiles(input);
  const leaves = await inSlices(certificates, (certificate) => leafFiles(certificate, input));
  const files = [...root.files, ...leaves];
  const server = certificates.find(isServer);
  const broker = server && (await brokerFiles(server, certificates, input));
  if (broker) files.push(...broker.files);
  const clear = input.secretPassphrase ? [] : certificates.filter(({ secretPrivateKey }) => secretPrivateKey);
  return {
    files,
    warnings: [
      ...keyAbsentWarnings(certificates),
      ...keyNotEncryptedWarnings(clear.map(({ baseName }) => `${baseName}_key.pem`)),
      ...root.warnings,
      ...(broker?.warnings ?? []),
      ...(broker && input.settings.write === 'files' ? unreadableByBroker(files, broker.readByBroker) : []),
    ],
  };
}

/** Names by kind and place: a configured base name is that of a single certificate, else it replaces `SecuredDev`. */
function workshopNames({ certificates, settings }: ExportInput): NamedCertificate[] {
  const own = settings.baseName === '' ? '' : checkBaseName(settings.baseName);
  if (own !== '' && certificates.length === 1) {
    return certificates.map((certificate) => ({ ...certificate, baseName: own }));
  }
  let servers = 0;
  let devices = 0;
  return certificates.map((certificate) => {
    if (!isServer(certificate)) {
      devices += 1;
      return { ...certificate, baseName: `${own || DEVICE}${twoDigits(devices)}` };
    }
    servers += 1;
    return { ...certificate, baseName: servers === 1 ? SERVER : `${SERVER}${twoDigits(servers)}` };
  });
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0');
}

/** W1 to W4. */
async function rootFiles(input: ExportInput): Promise<ExportPlan> {
  const { authority, secretPassphrase, settings } = input;
  const der = authority.trustAnchors[0]?.der ?? authority.certificate.der;
  const files = [
    publicFile(`${ROOT}_certificate.pem`, 'trust', authority.trustAnchorsPem),
    publicFile(`${ROOT}_certificate.der`, 'trust', der),
    headerFile(`${ROOT}_certificate.der`, der, settings.progmem),
  ];
  const keyName = `${ROOT}_key.pem`;
  const obstacle = rootKeyObstacle(input);
  if (obstacle !== undefined || !secretPassphrase) {
    const [why, hint] = obstacle ?? [];
    return { files, warnings: [warning('KEY_ABSENT', `${keyName} was not written: ${why}`, { file: keyName }, hint)] };
  }
  const pem = secretPrivateKeyPem(await authority.secretAuthorityKey(), secretPassphrase);
  return { files: [secretFile(keyName, 'private-key', pem), ...files], warnings: [] };
}

/** Why the key of the root cannot be exported, and what to do. */
function rootKeyObstacle({
  authority,
  secretPassphrase,
  settings,
}: ExportInput): [why: string, hint: string] | undefined {
  if (!authority.certificate.isSelfIssued) {
    return ['this CA is an intermediate, the key of the root is not here', 'Export from the node of the root CA'];
  }
  if (settings.write !== 'files') return ['the key of a CA never goes into a message', 'Write files to export it'];
  if (!secretPassphrase) {
    return [
      'the key of a CA leaves its folder encrypted only',
      'Set a passphrase in the export node to export the CA key',
    ];
  }
  return undefined;
}

/** W5 to W9 of the server; W10 to W16, and with W17 to W23 again, of the devices. */
async function leafFiles(certificate: NamedCertificate, input: ExportInput): Promise<ExportFile[]> {
  const { baseName, secretPrivateKey: key } = certificate;
  const { der, subject, subjectAltNames } = certificate.certificate;
  const files = [
    publicFile(`${baseName}_crt.pem`, 'certificate', fullChainPem(certificate)),
    publicFile(`${baseName}_crt.der`, 'certificate', der),
    headerFile(`${baseName}_crt.der`, der, input.settings.progmem),
  ];
  if (!key) return files;
  const request = await createCertificateRequest({ subject, subjectAltNames, privateKey: key });
  return [
    keyPemFile(`${baseName}_key.pem`, key, input),
    publicFile(`${baseName}_crt.csr`, 'request', request.pem),
    ...files,
    // The page uses the name .key for PKCS#8 DER, and only for devices.
    ...(isServer(certificate) ? [] : [secretFile(`${baseName}_key.key`, 'private-key', secretPrivateKeyDer(key))]),
    secretFile(`${baseName}_key_nopass.pem`, 'private-key', secretPrivateKeyPem(key)),
  ];
}

/** W24 and W25, and the password file that W24 names: without it the broker would not start. */
async function brokerFiles(
  server: NamedCertificate,
  certificates: readonly NamedCertificate[],
  input: ExportInput,
): Promise<ExportPlan & { readByBroker: (string | undefined)[] }> {
  const { settings, users } = input;
  const crl = await crlFile(CRL_NAMES.workshop, input);
  const names = {
    ca: `${ROOT}_certificate.pem`,
    certificate: `${server.baseName}_crt.pem`,
    key: `${server.baseName}_key_nopass.pem`,
    crl: crl.file?.name,
    acl: 'acl.cfg',
    passwords: 'passwd',
  };
  const devices = certificates.filter((certificate) => !isServer(certificate));
  const configuration = mosquittoConfiguration({
    level: 'mutual',
    dialect: settings.dialect,
    identity: 'certificate',
    port: settings.brokerPort,
    targetDir: settings.targetDir,
    remarks: ['As in the ESP8266 workshop, page "Client Certificates".'],
    clientIdIsIdentity: true,
    files: names,
  });
  const files = [
    ...(crl.file ? [crl.file] : []),
    secretFile(names.passwords, 'passwords', await mosquittoPasswords(users, input.random)),
    secretFile(names.acl, 'configuration', workshopAcl(devices[1]?.commonName)),
    publicFile('mosquitto.conf', 'configuration', configuration),
  ];
  return { files, warnings: crl.warnings, readByBroker: Object.values(names) };
}

function headerFile(name: string, bytes: Buffer, progmem: boolean): ExportFile {
  return publicFile(`${name}.h`, 'source', cHeader(name, bytes, { progmem }));
}
