import { CRL_NAMES, TRUST_NAMES } from '../export/crl-file';
import { inTurn } from '../export/export-result';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { Clock } from '../model/clock';
import type { TlsExportConfig } from '../model/config/tls-export';
import { recoverReplacement } from '../store/file-replacement';
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

  constructor(private readonly options: UpkeepOptions) {
    const { config, folder, userDir, fs, listWritten, ...rest } = options;
    if (config.crl !== 'live' || !Object.hasOwn(CRL_NAMES, config.layout)) return;
    const layout = config.layout as keyof typeof CRL_NAMES;
    const output = new OutputFolder(fs, folder, userDir);
    const files = { fileName: CRL_NAMES[layout], trustFile: TRUST_NAMES[layout] };
    this.list = new LiveRevocationList({ ...rest, ...files, fs, output, written: listWritten });
  }

  /** The flow is there, so a message about a reload reaches somebody. */
  async start(): Promise<void> {
    const { fs, folder, putBack, failed } = this.options;
    try {
      // In turn: a message may already be exporting into this folder.
      if (await inTurn(folder, () => recoverReplacement(fs, folder))) putBack();
    } catch (error) {
      failed(error);
    }
    this.list?.request();
  }

  async close(): Promise<void> {
    await this.list?.close();
  }
}
