import type { Node, NodeAPI, NodeDef } from 'node-red';
import path from 'node:path';
import {
  acquireAuthority,
  authoritySettings,
  forgetAuthority,
  knownFolderOf,
  type AuthorityLease,
} from '../src/ca/authority-registry';
import type { CertificateAuthority } from '../src/ca/certificate-authority';
import { TLS_CA_DEFAULTS, type TlsCaConfig } from '../src/model/config/tls-ca';
import { migrate } from '../src/model/config/migration';
import { AUTHORITY_DUE_DAYS, daysRemaining } from '../src/model/duration';
import { codedError, type CodedError, type ErrorCode } from '../src/model/errors';
import { slug } from '../src/model/slug';
import { authorityOf, type TlsCaNode } from '../src/node-red/authority-node';
import { deployedSettings } from '../src/node-red/environment';
import { asCodedError, fail, showFailure } from '../src/node-red/failure';
import { showStatus } from '../src/node-red/status';
import { registerAdminRoutes } from '../src/node-red/admin-routes';
import { nodeFileSystem } from '../src/store/file-system';
import { removeUpload } from '../src/store/import-upload';

interface Credentials {
  passphrase?: string;
}

/** Failures that may pass by themselves: the folder is tried again. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'CA_LOCKED',
  'CA_NOT_READY',
  'STORE_FULL',
  'STORE_READ_ONLY',
  'STORE_PERMISSION',
  'STORE_IO',
]);
const RETRY_MS = 10_000;

export = function tlsCa(RED: NodeAPI): void {
  function TlsCa(this: TlsCaNode & Node<Credentials>, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);
    let lease: Promise<AuthorityLease> | undefined;
    let lastFailure: CodedError | undefined;
    let retry: NodeJS.Timeout | undefined;
    let closed = false;
    /** A person let go of the CA that the dialog has shown: until the next deploy its fingerprint is not asked for. */
    let forgotten = false;
    const userDir = RED.settings.userDir ?? process.cwd();
    let folder = path.resolve(userDir, configuredFolder(definition));

    const open = async (): Promise<AuthorityLease> => {
      const config = deployedSettings(RED, this, migrate<TlsCaConfig>({ ...definition }, TLS_CA_DEFAULTS));
      folder = path.resolve(userDir, configuredFolder({ ...config }));
      if (!config.folder) folder = (await knownFolderOf(this.id, { userDir })) ?? folder;
      const imported = config.source === 'import' && config.importPath && path.resolve(userDir, config.importPath);
      const issuer = config.issuer ? await authorityOf(RED, config.issuer) : undefined;
      const acquired = await acquireAuthority({
        folder,
        ...(imported && { importPath: imported }),
        userDir,
        nodeId: this.id,
        settings: authoritySettings(config),
        passphrase: this.credentials?.passphrase || undefined,
        issuer,
        expectedFingerprint256: (!forgotten && config.fingerprint256) || undefined,
        actor: `tls-ca ${this.id}`,
      });
      // What was uploaded in the dialog has served; it may hold a key in clear.
      if (imported) await removeUpload(nodeFileSystem, userDir, imported).catch(() => undefined);
      return acquired;
    };

    /** The CA comes to its end, or was renewed, while this node runs. */
    let unwatch = (): void => undefined;
    const watch = (authority: CertificateAuthority): void => {
      unwatch();
      if (closed) return;
      const show = (): void => showReady(RED, this, authority);
      authority.on('ca-expiring', show).on('ca-changed', show);
      unwatch = () => void authority.off('ca-expiring', show).off('ca-changed', show);
    };

    const start = (): Promise<AuthorityLease> => {
      clearTimeout(retry);
      showStatus(RED, this, 'creating');
      const attempt = open();
      attempt.then(
        ({ authority }) => {
          lastFailure = undefined;
          showReady(RED, this, authority);
          watch(authority);
        },
        (thrown: unknown) => {
          if (lease === attempt) lease = undefined;
          const failure = asCodedError(thrown);
          // The same reason again is no news: it stays in the status and is logged once.
          if (failure.code === lastFailure?.code) showFailure(RED, this, failure);
          else fail(RED, this, failure);
          lastFailure = failure;
          if (!closed && PASSING.has(failure.code)) {
            retry = setTimeout(() => {
              lease ??= start();
            }, RETRY_MS);
            retry.unref();
          }
        },
      );
      return attempt;
    };

    Object.defineProperty(this, 'folder', { get: () => folder, enumerable: true });
    Object.defineProperty(this, 'failure', { get: () => lastFailure });
    this.authority = async (): Promise<CertificateAuthority> => {
      if (closed) throw codedError('CA_NOT_READY', `the CA node ${this.id} is being stopped`, { nodeId: this.id });
      return (await (lease ??= start())).authority;
    };
    this.forget = async () => {
      await lease?.then((held) => held.release()).catch(() => undefined);
      lease = undefined;
      forgotten = true;
      await forgetAuthority({ folder, userDir });
      lease = start();
      await lease;
    };
    lease = start();

    this.on('close', (done: () => void) => {
      closed = true;
      clearTimeout(retry);
      unwatch();
      Promise.resolve(lease)
        .then((held) => held?.release())
        .catch(() => undefined)
        .finally(done);
    });
  }

  RED.nodes.registerType('tls-ca', TlsCa as never, { credentials: { passphrase: { type: 'password' } } });
  registerAdminRoutes(RED);
};

/** What most needs doing about it first. */
function showReady(RED: NodeAPI, node: Node, authority: CertificateAuthority): void {
  const { passphrasePending, keysEncrypted, findings, certificate } = authority;
  const days = daysRemaining(certificate.notAfter, Date.now());
  if (days < 0) showFailure(RED, node, codedError('CA_EXPIRED', 'the CA certificate has expired'));
  else if (passphrasePending) showStatus(RED, node, 'passphrasePending');
  else if (days < AUTHORITY_DUE_DAYS) showStatus(RED, node, 'authorityEnding', { days });
  else if (!keysEncrypted) showStatus(RED, node, 'keysNotEncrypted');
  else if (findings.length > 0) showStatus(RED, node, 'importRemarks', { count: findings.length });
  else showStatus(RED, node, 'ready');
}

/** The dialog writes the folder down; a flow made by hand may leave it to the name. */
function configuredFolder({ folder, name, commonName }: Record<string, unknown>): string {
  return String(folder || '') || path.join('pki', slug(String(name || commonName || 'ca')));
}
