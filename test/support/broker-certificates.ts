import fs from 'node:fs';
import path from 'node:path';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import type { ClientIdentity } from '../../src/tls/client-identity';
import type { Trust } from '../../src/tls/trust';
import { makeLeaf, makeRoot, type KeyedCertificate } from './certificates';

/** What a broker and its clients need: one CA, a server certificate for this machine, a client certificate. */
export interface BrokerCertificates {
  root: KeyedCertificate;
  server: KeyedCertificate;
  client: KeyedCertificate;
}

export async function makeBrokerCertificates(): Promise<BrokerCertificates> {
  const root = await makeRoot();
  return {
    root,
    server: await makeLeaf(root),
    client: await makeLeaf(root, { profile: 'client', commonName: 'dev01', names: [] }),
  };
}

export function asIdentity({ certificate, privateKey }: KeyedCertificate): ClientIdentity {
  return { certificatePem: certificate.pem, secretKey: privateKey };
}

export function asTrust({ certificate }: KeyedCertificate): Trust {
  return { kind: 'anchors', pem: certificate.pem, label: 'the test CA' };
}

/** Put CA, certificate and key where a broker reads them; answers the lines of its configuration. */
export function writeForMosquitto(folder: string, trusted: KeyedCertificate, server: KeyedCertificate): string[] {
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  return [
    `cafile ${write('ca.pem', trusted.certificate.pem)}`,
    `certfile ${write('server.pem', server.certificate.pem)}`,
    `keyfile ${write('server.key', secretPrivateKeyPem(server.privateKey))}`,
  ];
}
