import path from 'node:path';
import type { ExportLayout, TlsExportConfig } from '../model/config/tls-export';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import type { FileSystem } from '../store/file-system';
import { signalReload, type SendSignal } from '../store/pid-file';

/** What a flow that reloads the broker by nodes of its own is told, as `msg.payload` with the topic `reload`. */
export interface ReloadNews {
  /** Absolute path. */
  folder: string;
  /** Names of the files that have changed. */
  files: string[];
  /** `crl`: only the revocation list; `put back`: the broker did not serve the new certificate. */
  reason: 'replaced' | 'put back' | 'crl';
}

/** Layouts that a broker reads; the dialog offers a reload for no others. */
const FOR_BROKERS: readonly ExportLayout[] = ['pem', 'mosquitto', 'workshop', 'thin-edge'];

interface ReloadContext {
  userDir: string;
  fs: FileSystem;
  /** Hands the news to the second output. */
  tell(news: ReloadNews): void;
  signal?: SendSignal;
}

/**
 * How this export node makes its broker read the files again; undefined when it does not.
 *
 * @throws INPUT_CONFIG for an unknown way, or a signal without pid file
 */
export function brokerReload(
  { layout, reload, pidFile }: Pick<TlsExportConfig, 'layout' | 'reload' | 'pidFile'>,
  { userDir, fs, tell, signal }: ReloadContext,
): ((news: ReloadNews) => Promise<void>) | undefined {
  if (!FOR_BROKERS.includes(layout)) return undefined;
  switch (reload) {
    case 'none':
      return undefined;
    case 'message':
      return (news) => Promise.resolve(tell(news));
    case 'signal': {
      if (pidFile.trim() === '') {
        throw codedError(
          'INPUT_CONFIG',
          'the broker is to be told by a signal, but no pid file is set',
          { field: 'pidFile' },
          'Enter the pid file of the broker; mosquitto.conf names it as pid_file',
        );
      }
      const file = path.resolve(userDir, pidFile.trim());
      return () => signalReload(fs, file, signal);
    }
    default:
      throw codedError(
        'INPUT_CONFIG',
        `the broker is to be told by ${shownValue(reload)}, expected none, signal or message`,
        { field: 'reload', value: shownValue(reload) },
        'Open the export node and choose how the broker learns of new files',
      );
  }
}
