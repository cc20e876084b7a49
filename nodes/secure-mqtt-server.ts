import type { Node, NodeAPI, NodeDef } from 'node-red';
import { migrate } from '../src/model/config/migration';
import { SECURE_MQTT_SERVER_DEFAULTS } from '../src/model/config/secure-mqtt-server';
import { codedError, isCodedError, type ErrorCode } from '../src/model/errors';
import { AccessList } from '../src/mqtt/acl';
import { SecureMqttServer } from '../src/mqtt/server';
import { Users } from '../src/mqtt/server-admission';
import { parseHosts } from '../src/mqtt/server-certificate';
import { authorityOf } from '../src/node-red/authority-node';
import type { EmbeddedBrokerNode } from '../src/node-red/embedded-broker';
import { asCodedError, fail, showFailure } from '../src/node-red/failure';
import { showStatus } from '../src/node-red/status';

/** Failures that may pass by themselves: another program lets go of the port, the CA folder is unlocked. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'NET_ADDRESS_IN_USE',
  'NET_BIND',
  'CA_LOCKED',
  'CA_NOT_READY',
  'STORE_FULL',
  'STORE_IO',
  'STORE_PERMISSION',
  'STORE_READ_ONLY',
]);
const RETRY_MS = 5_000;

export = function secureMqttServer(RED: NodeAPI): void {
  function SecureMqttServerNode(
    this: EmbeddedBrokerNode & Node<{ users?: string }>,
    definition: NodeDef & Record<string, unknown>,
  ): void {
    RED.nodes.createNode(this, definition);
    let starting: Promise<SecureMqttServer | undefined> = Promise.resolve(undefined);
    let retry: NodeJS.Timeout | undefined;
    let lastCode: string | undefined;
    let closed = false;
    let running: SecureMqttServer | undefined;

    const open = async (): Promise<SecureMqttServer> => {
      const config = migrate({ ...definition }, SECURE_MQTT_SERVER_DEFAULTS);
      const users = Users.parse(this.credentials?.users);
      if (config.security === 'server' && users.size === 0) throw nobodyMayConnect();
      const port = portOf(config.port, 'port');
      const wsPort = Number(config.wsPort) === 0 ? undefined : portOf(config.wsPort, 'wsPort');
      if (wsPort === port) throw samePort(port);
      const acl = AccessList.parse(config.acl);
      const hosts = parseHosts(config.hosts);
      return SecureMqttServer.start({
        authority: await authorityOf(RED, config.ca),
        port,
        wsPort,
        bindAddress: config.bindAddress.trim() || '127.0.0.1',
        hosts,
        security: config.security === 'server' ? 'server' : 'mutual',
        users,
        acl,
      });
    };

    const start = async (): Promise<SecureMqttServer | undefined> => {
      if (lastCode === undefined) showStatus(RED, this, 'starting');
      try {
        const server = await open();
        running = server;
        lastCode = undefined;
        let shownCount: number | undefined;
        const show = (): void => {
          shownCount = server.connectedClients;
          showStatus(RED, this, 'listening', { port: server.port, count: shownCount });
        };
        server.on('client', (event) => {
          // Who is refused changes nothing, and may come often.
          if (server.connectedClients !== shownCount) show();
          this.send({ topic: event.event, payload: event } as never);
        });
        server.on('failure', (error) => {
          shownCount = undefined;
          fail(RED, this, error, {} as never);
        });
        server.on('certificate', show);
        show();
        return server;
      } catch (error) {
        const code = isCodedError(error) ? error.code : undefined;
        // Said once, not at every retry.
        if (code !== undefined && code === lastCode) showFailure(RED, this, asCodedError(error));
        else fail(RED, this, error);
        lastCode = code;
        if (!closed && code && PASSING.has(code)) {
          retry = setTimeout(() => {
            starting = start();
          }, RETRY_MS);
        }
        return undefined;
      }
    };
    starting = start();
    Object.defineProperty(this, 'certificatePem', { get: () => running?.certificatePem });
    Object.defineProperty(this, 'clientSerialNumbers', { get: () => running?.clientSerialNumbers ?? [] });
    this.listening = async () => void (await starting);

    this.on('close', (done: () => void) => {
      closed = true;
      clearTimeout(retry);
      starting
        .then((server) => server?.close())
        .catch(() => undefined)
        .finally(done);
    });
  }

  RED.nodes.registerType('secure-mqtt-server', SecureMqttServerNode as never, {
    credentials: { users: { type: 'password' } },
  });
};

function portOf(value: unknown, field: 'port' | 'wsPort'): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  const [name, hint] = {
    port: ['port', 'Usual is 8883'],
    wsPort: ['WebSocket port', 'Usual are 8884 and 9001; 0 switches WebSockets off'],
  }[field];
  throw codedError('INPUT_PORT', `the ${name} is ${String(value)}, expected 1 to 65535`, { field }, hint);
}

function nobodyMayConnect(): Error {
  return codedError(
    'INPUT_CONFIG',
    'clients show user name and password, but no user is set: nobody could connect',
    { field: 'users' },
    'Add users, or let clients show a certificate',
  );
}

function samePort(port: number): Error {
  return codedError(
    'INPUT_CONFIG',
    `port and WebSocket port are both ${port}`,
    { field: 'wsPort', port },
    'MQTT and MQTT over WebSockets need a port each; set the WebSocket port to another one, or to 0 for none',
  );
}
