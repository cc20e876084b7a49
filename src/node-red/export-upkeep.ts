import { CRL_NAMES, TRUST_NAMES } from '../export/crl-file';
import { inTurn } from '../export/export-result';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { Clock } from '../model/clock';
import type { TlsExportConfig } from '../model/config/tls-export';
import { isReplacing, recoverReplacement } from '../store/file-replacement';
import type { FileSystem } from '../store/file-system';
import { OutputFolder } from '../store/output-folder';
import type { ReloadNews } from './broker-reload';
import { LiveRevocationList } from './live-revocation-list';

interface UpkeepOptions {
  config: TlsExportConfig;
  authority(): Promise<CertificateAuthority>;
  /** Absolute path of the folder that the node exports into. */
  folder: string;
  userDir: string;
  fs: FileSystem;
  clock: Clock;
  reload?(news: ReloadNews): Promise<void>;
  /** The revocation list was written, and the broker told. */
  listWritten(): void;
  /** An interrupted replacement was put back. */
  putBack(): void;
  failed(error: unknown): void;
}

/** What an export node does without a message: put back what a crash interrupted, keep the revocation list young. */
export class ExportUpkeep {
  private readonly list: LiveRevocationList | undefined;
  private readonly output: OutputFolder;

  constructor(private readonly options: UpkeepOptions) {
    const { config, folder, userDir, fs, listWritten, ...rest } = options;
    this.output = new OutputFolder(fs, folder, userDir, { clock: rest.clock });
    if (config.crl !== 'live' || !Object.hasOwn(CRL_NAMES, config.layout)) return;
    const layout = config.layout as keyof typeof CRL_NAMES;
    const { output } = this;
    const files = { fileName: CRL_NAMES[layout], trustFile: TRUST_NAMES[layout] };
    this.list = new LiveRevocationList({ ...rest, ...files, fs, output, written: listWritten });
  }

  /** The flow is there, so a message about a reload reaches somebody. */
  async start(): Promise<void> {
    const { failed, fs, folder } = this.options;
    try {
      // In turn: a message, or another Node-RED, may already be exporting into this folder.
      if (await isReplacing(fs, folder)) await inTurn(this.output, () => this.recover());
    } catch (error) {
      failed(error);
    }
    this.look();
  }

  /** The list may have been replaced by an older one: an export took what was there when it began. */
  look(): void {
    this.list?.request();
  }

  /** A broker that was told in between serves the new certificate, or nobody: one beside a foreign key. */
  private async recover(): Promise<void> {
    const { fs, folder, putBack, reload } = this.options;
    const files = await recoverReplacement(fs, folder);
    if (files.length === 0) return;
    putBack();
    await reload?.({ folder, files, reason: 'put back' });
  }

  async close(): Promise<void> {
    await this.list?.close();
  }
}
