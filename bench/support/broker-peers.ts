/** The embedded broker and its peers: each in a process of its own, with the same certificates and the same TLS settings. */
import { fork, type ChildProcess } from 'node:child_process';
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { acquireAuthority } from '../../src/ca/authority-registry';
import { AccessList } from '../../src/mqtt/acl';
import { SecureMqttServer } from '../../src/mqtt/server';
import { Users } from '../../src/mqtt/server-admission';
import { parseHosts } from '../../src/mqtt/server-certificate';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import { startMosquitto } from '../../test/support/mosquitto';
import { authorityOptions } from '../../test/support/test-authority';

/** PEM texts; the keys are of this run only. */
interface Pair {
  cert: string;
  key: string;
}

/** Certificates of one CA. */
export interface Material {
  ca: string;
  server: Pair;
  /** One for each client, named {@link clientName}. */
  clients: Pair[];
}

export interface BrokerPeer {
  port: number;
  pid: number;
  stop(): Promise<void> | void;
}

export const PEERS = ['ours', 'aedes', 'mosquitto'] as const;
export type PeerName = (typeof PEERS)[number];

/** The client id is the common name. */
export const clientName = (index: number): string => `dev${index}`;

const HOSTS = parseHosts('localhost, 127.0.0.1');
/** A child listens on this port. */
interface Listening {
  port: number;
  material?: Material;
}

const CHILDREN = {
  /** Makes the CA, whose certificates the others use, too. */
  ours: async ({ folder, clients }: { folder: string; clients: number }): Promise<Listening> => {
    const { authority } = await acquireAuthority(authorityOptions({ userDir: folder }));
    const issued = await authority.issue([
      { profile: 'server', subject: { commonName: 'peer' }, subjectAltNames: HOSTS },
      ...Array.from({ length: clients }, (_, index) => ({
        profile: 'client' as const,
        subject: { commonName: clientName(index) },
      })),
    ]);
    const [server, ...others] = issued.map(({ certificate, secretPrivateKey }) => ({
      cert: certificate.pem,
      key: secretPrivateKeyPem(secretPrivateKey as never),
    }));
    const broker = await SecureMqttServer.start({
      ...{ authority, port: 0, bindAddress: '127.0.0.1', hosts: HOSTS, security: 'mutual' },
      users: Users.parse(''),
      acl: AccessList.parse(''),
    });
    return { port: broker.port, material: { ca: authority.trustAnchorsPem, server: server as Pair, clients: others } };
  },
  aedes: async ({ ca, server }: Material): Promise<Listening> => {
    const { Aedes } = await import('aedes');
    const broker = await Aedes.createBroker();
    const listener = createServer(
      {
        ...{ ...server, ca, requestCert: true, rejectUnauthorized: true },
        // As ours.
        ...{ minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET },
      },
      broker.handle,
    );
    listener.on('tlsClientError', () => undefined);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return { port: (listener.address() as AddressInfo).port };
  },
};
type Child = keyof typeof CHILDREN;

/** This file once more, as the child. */
async function startChild(name: Child, order: unknown): Promise<BrokerPeer & Listening> {
  const profile = process.env.BENCH_PROFILE_SERVERS ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE_SERVERS}/${name}`] : []; // prettier-ignore
  const child: ChildProcess = fork(__filename, [name], { execArgv: ['--require', 'tsx/cjs', ...profile] });
  child.send(order as never);
  const listening = await new Promise<Listening>((resolve, reject) => {
    child.once('message', resolve).once('exit', () => reject(new Error(`${name} has ended before it listened`)));
  });
  const stop = async () => {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  };
  return { ...listening, pid: child.pid as number, stop };
}

/** All three; the material is ours. @param clients how many client certificates are wanted */
export async function startPeers(
  folder: string,
  clients: number,
): Promise<{ material: Material; peers: Record<PeerName, BrokerPeer> }> {
  const ours = await startChild('ours', { folder, clients });
  const material = ours.material as Material;
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const aedes = await startChild('aedes', material);
  const mosquitto = await startMosquitto({
    configuration: (port) => [
      `listener ${port} 127.0.0.1`,
      `cafile ${write('ca.pem', material.ca)}`,
      `certfile ${write('server.pem', material.server.cert)}`,
      `keyfile ${write('server.key', material.server.key)}`,
      'require_certificate true',
      'allow_anonymous true',
      'max_queued_messages 0',
      'log_type error',
      'log_type information',
    ],
  });
  return { material, peers: { ours, aedes, mosquitto } };
}

if (require.main === module) {
  process.once('message', (order) => {
    void CHILDREN[process.argv[2] as Child](order as never).then((listening) => process.send?.(listening));
  });
  // So that a profile is written.
  process.once('disconnect', () => process.exit());
}
