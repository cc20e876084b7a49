import type { CertificateAuthority } from '../ca/certificate-authority';
import type { IssuedCertificate } from '../ca/issue-request';
import { replaceBrokerFiles, type ReplacedCertificate } from '../export/broker-replacement';
import { isServer } from '../export/export-input';
import type { ExportPlan } from '../export/export-plan';
import { inTurn, writePlan, type ExportedFile, type ExportResult } from '../export/export-result';
import type { Clock } from '../model/clock';
import { TLS_EXPORT_DEFAULTS, type TlsExportConfig } from '../model/config/tls-export';
import { codedError } from '../model/errors';
import { isReplacing, recoverReplacement } from '../store/file-replacement';
import type { FileSystem } from '../store/file-system';
import { OutputFolder } from '../store/output-folder';
import { probe } from '../tls/probe';
import { parseTarget } from '../tls/target';
import type { ReloadNews } from './broker-reload';

/** One look at the broker. */
const LOOK_TIMEOUT_MS = 5_000;

export interface BrokerExportOptions {
  config: TlsExportConfig;
  authority: CertificateAuthority;
  certificates: readonly IssuedCertificate[];
  /** Absolute path. */
  folder: string;
  userDir: string;
  fs: FileSystem;
  clock: Clock;
  /** Absent: the broker is not told, the files are written as they are. */
  reload?(news: ReloadNews): Promise<void>;
}

/** The result of an export into a folder that a broker reads. */
export interface BrokerExportResult extends ExportResult {
  replaced?: ReplacedCertificate;
}

/**
 * Write the files of an export: plainly, or, where the broker is told of them, with proof that it serves the new
 * certificate and the old files back when it does not.
 *
 * @throws INPUT_LAYOUT without a server certificate to prove, INPUT_TARGET, INPUT_PORT for the broker's address; else as
 *   `writePlan` and `replaceBrokerFiles`
 */
export async function exportForBroker(plan: ExportPlan, options: BrokerExportOptions): Promise<BrokerExportResult> {
  const { config, authority, certificates, fs, clock, reload } = options;
  const output = new OutputFolder(fs, options.folder, options.userDir, { clock });
  if (!reload) {
    // Of a time when the broker was told.
    if (await isReplacing(fs, output.folder)) await inTurn(output, () => recoverReplacement(fs, output.folder));
    return writePlan(plan, output);
  }
  const server = certificates.find(isServer);
  if (!server) {
    throw codedError(
      'INPUT_LAYOUT',
      'the broker is to be told of its new certificate, but none with the profile server was sent',
      { field: 'payload' },
      'Send the output of a tls-issue node with the profile server, or set "After writing" to nothing',
    );
  }
  const target = parseTarget(`mqtts://${addressOf(config)}`);
  const files = plan.files.map(({ name }) => name);
  const replaced = await inTurn(output, () =>
    replaceBrokerFiles(plan, server, authority, {
      fs,
      output,
      clock,
      patienceMs: Number(config.reloadTimeoutMs) || TLS_EXPORT_DEFAULTS.reloadTimeoutMs,
      reload: (reason) => reload({ folder: output.folder, files, reason }),
      look: () =>
        probe(target, {
          material: { trust: { kind: 'anchors', pem: authority.trustAnchorsPem, label: 'the CA' } },
          mqtt: false,
          timeoutMs: LOOK_TIMEOUT_MS,
          clock,
        }),
    }),
  );
  const written: ExportedFile[] = [];
  for (const { name, kind, mode } of plan.files) {
    const path = `${output.folder}/${name}`;
    written.push({ name, path, kind, mode: await output.modeOf(path, mode) });
  }
  return { folder: output.folder, files: written, warnings: plan.warnings, replaced };
}

function addressOf({ brokerHost, brokerPort }: TlsExportConfig): string {
  const host = brokerHost.trim();
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${brokerPort}`;
}
