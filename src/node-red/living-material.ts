import { createHash } from 'node:crypto';
import type { AuthorityEvent, AuthorityEventName, CertificateAuthority } from '../ca/certificate-authority';
import type { Clock } from '../model/clock';
import type { LeafProfile } from '../model/profile-name';
import { FileWatch } from '../store/file-watch';
import { nodeFileSystem } from '../store/file-system';
import type { TlsMaterialParts } from '../tls/tls-material';
import { authorityNode } from './authority-node';
import {
  identityNameOf,
  usesIdentity,
  type MaterialContext,
  type MaterialCredentials,
  type MaterialSettings,
} from './material-settings';
import { materialFiles, readTlsMaterial } from './tls-material-source';

/**
 * Events after which the CA may give another certificate for a name: it renews what is `due`. After a long sleep it tells
 * the last stage alone.
 */
const IDENTITY_EVENTS: readonly AuthorityEventName[] = ['issued', 'renewed', 'due', 'expiring', 'expired'];

/**
 * The material of a connection that lives on: read anew whenever it is asked for, and told of when it has changed
 * (a certificate renewed by the CA, a revocation, a file replaced).
 */
export class LivingMaterial {
  private readonly files: FileWatch;
  private digest = '';
  private shownPem: string | undefined;
  private stopListening: () => void = () => undefined;
  private listeningTo: CertificateAuthority | undefined;
  private closed = false;

  /**
   * @param changed called when what {@link current} would answer differs from what it answered last
   */
  constructor(
    private readonly context: MaterialContext,
    private readonly settings: MaterialSettings,
    private readonly credentials: MaterialCredentials,
    clock: Clock,
    private readonly changed: () => void,
  ) {
    const { RED, fs = nodeFileSystem } = context;
    this.files = new FileWatch(fs, clock, materialFiles(RED, settings), () => void this.compareFiles());
  }

  /** @throws as `readTlsMaterial` */
  async current(): Promise<TlsMaterialParts> {
    // Until it could be read, whatever comes next is a change.
    this.digest = '';
    const material = await readTlsMaterial(this.context, this.settings, this.credentials);
    this.digest = digestOf(material);
    this.shownPem = material.identity?.certificatePem;
    await this.listen();
    return material;
  }

  /** The client certificate that the last attempt showed, with its chain; PEM. */
  get identityPem(): string | undefined {
    return this.shownPem;
  }

  close(): void {
    this.closed = true;
    this.files.close();
    this.stopListening();
  }

  /** A CA is there only after it was opened, and the instance may be another one after its node was restarted. */
  private async listen(): Promise<void> {
    const { settings, context } = this;
    const issued = usesIdentity(settings) && (settings.identity === 'issue' || settings.identity === 'store');
    if (settings.trust !== 'ca' && !issued) return;
    const authority = await authorityNode(context.RED, settings.ca ?? '').authority();
    if (this.closed || authority === this.listeningTo) return;
    this.stopListening();
    const name = identityNameOf(settings);
    const onIdentity = ({ commonName }: AuthorityEvent): void => {
      if (issued && commonName === name) void this.compare();
    };
    // Our own was revoked or taken back from hold, or it may be the server's: only a new handshake tells.
    const onRevoked = ({ commonName, serialNumber }: AuthorityEvent): void => {
      const own = issued && commonName === name;
      if (own || (settings.trust === 'ca' && mayBeServer(authority, serialNumber))) this.changed();
    };
    for (const event of IDENTITY_EVENTS) authority.on(event, onIdentity);
    authority.on('revoked', onRevoked);
    const onAuthorityChange = (): void => void this.compare();
    authority.on('ca-changed', onAuthorityChange);
    this.listeningTo = authority;
    this.stopListening = () => {
      for (const event of IDENTITY_EVENTS) authority.off(event, onIdentity);
      authority.off('revoked', onRevoked);
      authority.off('ca-changed', onAuthorityChange);
    };
  }

  /** Our own request for a certificate makes an event, too: only what really differs is a change. */
  private async compare(): Promise<void> {
    // What cannot be read: the next attempt says why; a running connection goes on.
    if (await this.isTheSame().catch(() => true)) return;
    if (!this.closed) this.changed();
  }

  /**
   * An export that writes the same files again disturbs no connection. A file that cannot be read is a change as well: the
   * connection waits with that as its reason.
   */
  private async compareFiles(): Promise<void> {
    if (await this.isTheSame().catch(() => false)) return;
    if (!this.closed) this.changed();
  }

  private async isTheSame(): Promise<boolean> {
    const { digest } = this;
    return digestOf(await readTlsMaterial(this.context, this.settings, this.credentials)) === digest;
  }
}

/** What only a client can show (profiles.ts: clientAuth alone) concerns nobody but that client. */
const CLIENTS_ONLY: ReadonlySet<string> = new Set(['client', 'device'] satisfies LeafProfile[]);

function mayBeServer(authority: CertificateAuthority, serialNumber: string): boolean {
  return !CLIENTS_ONLY.has(authority.find({ by: 'serial', value: serialNumber }).profile);
}

function digestOf({ trust, identity }: TlsMaterialParts): string {
  return createHash('sha256')
    .update(trust.kind === 'anchors' ? trust.pem : 'system')
    .update('\0')
    .update(identity?.certificatePem ?? '')
    .digest('base64');
}
