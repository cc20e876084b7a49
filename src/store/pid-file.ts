import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { readBounded, readBoundedIfThere } from './bounded-file';
import type { FileSystem } from './file-system';

/** A number and a line end; some programs write a second line. */
const LIMIT = 1024;
/** A page, as the kernel writes it. */
const STATUS_LIMIT = 64 * 1024;

/** Sends a signal; a parameter, so that tests need no program to be told. */
export type SendSignal = (pid: number, signal: NodeJS.Signals) => void;

/**
 * Tell the program whose number stands in a pid file to read its files again: SIGHUP, as Mosquitto and most daemons
 * understand it.
 *
 * @param path absolute path of the pid file
 * @throws STORE_NOT_FOUND, STORE_PERMISSION, STORE_TOO_LARGE for the file; INPUT_CONFIG when it holds no number, no such program runs, it
 *   belongs to another user, or does not wait for the signal: the broker has ended and its number is that of another program now
 */
export async function signalReload(
  fs: FileSystem,
  path: string,
  send: SendSignal = (pid, signal) => void process.kill(pid, signal),
): Promise<void> {
  const bytes = await readBounded(fs, path, { limit: LIMIT, what: 'the pid file' });
  const [line = ''] = bytes.toString('utf8').split('\n', 1);
  const pid = Number(line.trim());
  // 0 and negative numbers mean groups of processes, 1 is the init of a container or machine.
  if (!/^[0-9]{1,10}$/.test(line.trim()) || pid < 2) {
    throw refused(
      path,
      `holds ${shownValue(line)}, expected the number of a process`,
      'Enter the pid file of the broker',
    );
  }
  const stranger = await deafProgram(fs, pid);
  if (stranger !== undefined) {
    throw refused(
      path,
      `names process ${pid} (${shownValue(stranger)}), which would end at the signal instead of reading its files again`,
      'Is it the pid file of the broker, and does the broker run? Start it again, so that it writes its number',
    );
  }
  try {
    send(pid, 'SIGHUP');
  } catch (error) {
    const { code = '' } = error as { code?: string };
    const reasons: Record<string, [string, string]> = {
      ESRCH: [`names process ${pid}, which does not run`, 'Start the broker, or correct the path of its pid file'],
      EPERM: [
        `names process ${pid}, which belongs to another user`,
        'Let Node-RED and the broker run as the same user, or reload the broker by a node of your own',
      ],
    };
    const [problem, hint] = reasons[code] ?? [`names process ${pid}, which cannot be signalled: ${code}`, ''];
    throw refused(path, problem, hint);
  }
}

/**
 * The name of the program when SIGHUP would not be caught by it (proc(5): bit 0 of `SigCgt` is signal 1). Undefined also where
 * the system does not tell.
 */
async function deafProgram(fs: FileSystem, pid: number): Promise<string | undefined> {
  const options = { limit: STATUS_LIMIT, what: 'the state of the program' };
  const status = (await readBoundedIfThere(fs, `/proc/${pid}/status`, options).catch(() => undefined))?.toString(
    'utf8',
  );
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status ?? '')?.[1];
  if (caught === undefined || (BigInt(`0x${caught}`) & 1n) === 1n) return undefined;
  return /^Name:\s*(.*)$/m.exec(status ?? '')?.[1] ?? '';
}

function refused(path: string, problem: string, hint: string) {
  return codedError('INPUT_CONFIG', `the pid file ${path} ${problem}`, { field: 'pidFile', path }, hint);
}
