import { once } from 'node:events';
import type { AuthorityOptions } from '../../src/ca/authority-options';
import { acquireAuthority, type AuthorityLease } from '../../src/ca/authority-registry';
import type { CertificateAuthority } from '../../src/ca/certificate-authority';
import type { LeafProfile } from '../../src/model/profile-name';
import { parseSubjectAltName } from '../../src/model/subject-alt-name';
import { AccessList } from '../../src/mqtt/acl';
import { SecureMqttServer, type MqttServerOptions } from '../../src/mqtt/server';
import { Users } from '../../src/mqtt/server-admission';
import { parseHosts } from '../../src/mqtt/server-certificate';
import type { ServerEvent } from '../../src/mqtt/server-event';
import type { ClientIdentity } from '../../src/tls/client-identity';
import type { Trust } from '../../src/tls/trust';
import { temporaryFolder } from './temporary-folder';
import { authorityOptions } from './test-authority';

/** A CA with embedded servers for tests, at most one at a time. */
export class EmbeddedServers {
  readonly events: ServerEvent[] = [];
  private running: SecureMqttServer | undefined;

  private constructor(private readonly lease: AuthorityLease) {}

  /** @param options of the CA; a clock that stands still makes certificates come due */
  static async withNewAuthority(options: Partial<AuthorityOptions> = {}): Promise<EmbeddedServers> {
    return new EmbeddedServers(await acquireAuthority(authorityOptions({ userDir: temporaryFolder(), ...options })));
  }

  get authority(): CertificateAuthority {
    return this.lease.authority;
  }

  /** What a client of this CA trusts. */
  get trust(): Trust {
    return { kind: 'anchors', pem: this.authority.trustAnchorsPem, label: 'the test CA' };
  }

  /** On any free port, for clients with a certificate, without access rules. */
  async start(options: Partial<MqttServerOptions> = {}): Promise<SecureMqttServer> {
    this.running = await SecureMqttServer.start({
      authority: this.authority,
      port: 0,
      bindAddress: '127.0.0.1',
      hosts: parseHosts('localhost, 127.0.0.1'),
      security: 'mutual',
      users: Users.parse(''),
      acl: AccessList.parse(''),
      ...options,
    });
    this.events.length = 0;
    this.running.on('client', (event) => this.events.push(event));
    return this.running;
  }

  /** Stop the server; for `afterEach`. */
  async stop(): Promise<void> {
    await this.running?.close();
    this.running = undefined;
  }

  /** Let go of the CA; for `after`. */
  async release(): Promise<void> {
    await this.lease.release();
  }

  /** The next event of a kind, or one that was there already. */
  async event(kind: ServerEvent['event'], clientId?: string): Promise<ServerEvent> {
    for (;;) {
      const found = this.events.find(
        (each) => each.event === kind && (clientId === undefined || each.clientId === clientId),
      );
      if (found) return found;
      await once(this.running as SecureMqttServer, 'client');
    }
  }

  /** A new certificate with its key. */
  async identityOf(commonName: string, profile: LeafProfile = 'client'): Promise<ClientIdentity> {
    const subjectAltNames = profile === 'server' ? [parseSubjectAltName('dns:localhost')] : [];
    const [issued] = await this.authority.issue([{ profile, subject: { commonName }, subjectAltNames }]);
    return {
      certificatePem: issued?.certificate.pem as string,
      secretKey: issued?.secretPrivateKey as ClientIdentity['secretKey'],
    };
  }
}
