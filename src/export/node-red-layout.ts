import { secretPrivateKeyPem } from '../pki/private-key';
import { namedCertificates } from './base-name';
import { lineValue, portValue, targetFolder, targetPath } from './configuration-text';
import { isServer, type ExportInput, type NamedCertificate } from './export-input';
import { publicFile, secretFile, type ExportFile, type ExportPlan } from './export-plan';
import { inSlices } from './in-slices';
import { keyAbsentWarnings, keyNotEncryptedWarnings } from './key-file';
import { fullChainPem } from './pem-layout';

/** Where the files are said to lie when they are not written but sent in a message. */
const USUAL_FOLDER = '/data/export/node-red';

/**
 * A flow for the core nodes of any Node-RED: for each client or device certificate a `tls-config` that reads its files, with "verify
 * server" ticked, and an `mqtt-broker` that uses it; beside it the files. Without such a certificate the flow
 * verifies the broker only.
 *
 * Keys are in clear: a passphrase cannot be in a flow.
 *
 * @throws INPUT_LAYOUT for a broker host that breaks out of its line, INPUT_PORT, INPUT_FOLDER
 */
export async function nodeRedLayout(input: ExportInput): Promise<ExportPlan> {
  const named = namedCertificates(input);
  const identities = named.filter((certificate) => !isServer(certificate) || certificate.profile === 'server-client');
  const usable = identities.filter(({ secretPrivateKey }) => secretPrivateKey);
  const folder = targetFolder(input.settings.targetDir, input.folder ?? USUAL_FOLDER);
  const flow = (usable.length > 0 ? usable : [undefined]).flatMap((identity) => nodes(identity, folder, input));
  const keys = usable.map(({ baseName }) => `${baseName}.key.pem`);
  return {
    files: [
      ...(await inSlices(identities, files)),
      publicFile('ca.pem', 'trust', input.authority.trustAnchorsPem),
      publicFile('flow.json', 'configuration', `${JSON.stringify(flow, null, 2)}\n`),
    ],
    warnings: [...keyAbsentWarnings(named), ...(input.secretPassphrase ? keyNotEncryptedWarnings(keys) : [])],
  };
}

function files(certificate: NamedCertificate): ExportFile[] {
  const { baseName, secretPrivateKey: key } = certificate;
  return [
    publicFile(`${baseName}.crt.pem`, 'certificate', fullChainPem(certificate)),
    ...(key ? [secretFile(`${baseName}.key.pem`, 'private-key', secretPrivateKeyPem(key))] : []),
  ];
}

/**
 * For such a text Node-RED puts the value of an environment variable, when it starts the flow: a certificate must not choose one to be
 * sent to the broker.
 */
const ENVIRONMENT = /^\$(\{.*\}|\(.*\))$/s;

/** The same certificate gives the same ids, so that an import over an earlier one replaces its nodes. */
function nodes(identity: NamedCertificate | undefined, folder: string, { authority, settings }: ExportInput): object[] {
  const stem = (identity?.serialNumber ?? authority.certificate.serialNumber).slice(0, 14).toLowerCase();
  const broker = lineValue('brokerHost', settings.brokerHost);
  const name = identity?.commonName ?? broker;
  const at = (file: string): string => targetPath(folder, file);
  return [
    {
      id: `${stem}c0`,
      type: 'tls-config',
      name: `${name}: certificates`,
      cert: identity ? at(`${identity.baseName}.crt.pem`) : '',
      key: identity ? at(`${identity.baseName}.key.pem`) : '',
      ca: at('ca.pem'),
      certname: '',
      keyname: '',
      caname: '',
      servername: '',
      verifyservercert: true,
      alpnprotocol: '',
    },
    {
      id: `${stem}b0`,
      type: 'mqtt-broker',
      name: `${name}: broker over TLS`,
      broker,
      port: portValue(settings.brokerPort),
      tls: `${stem}c0`,
      clientid: identity && !ENVIRONMENT.test(identity.commonName) ? identity.commonName : '',
      autoConnect: true,
      usetls: true,
      protocolVersion: '4',
      keepalive: '60',
      cleansession: true,
      autoUnsubscribe: true,
      birthTopic: '',
      birthQos: '0',
      birthRetain: 'false',
      birthPayload: '',
      birthMsg: {},
      closeTopic: '',
      closeQos: '0',
      closeRetain: 'false',
      closePayload: '',
      closeMsg: {},
      willTopic: '',
      willQos: '0',
      willRetain: 'false',
      willPayload: '',
      willMsg: {},
      userProps: '',
      sessionExpiry: '',
    },
  ];
}
