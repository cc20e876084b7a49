import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The Debian package of each program that judges. */
const PACKAGES: Record<string, string> = {
  openssl: 'openssl',
  certtool: 'gnutls-bin',
  xxd: 'xxd',
  keytool: 'default-jre-headless',
  python3: 'python3-cryptography',
};

export interface ToolResult {
  status: number;
  /** Both streams, for messages. */
  output: string;
  stdout: Buffer;
}

/** Files in a temporary folder, gone after the run. */
export function withFiles<T>(files: Record<string, string | Uint8Array>, run: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'secure-mqtt-pki-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 });
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Run a program of somebody else on files of ours.
 *
 * @param files written before, readable by name in the folder the program runs in
 * @throws when the program is missing, with the command that installs it
 */
export function judge(
  tool: string,
  args: readonly string[],
  files: Record<string, string | Uint8Array> = {},
): ToolResult {
  return withFiles(files, (cwd) => {
    const { error, status, stdout, stderr } = spawnSync(tool, args, {
      cwd,
      env: { ...process.env, LC_ALL: 'C' },
      maxBuffer: 64 << 20,
      timeout: 120_000,
    });
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
      throw new Error(`${tool} is missing: sudo apt-get install ${PACKAGES[tool] ?? tool}`);
    }
    if (error) throw error;
    return { status: status ?? -1, stdout, output: `${stdout.toString('utf8')}${stderr.toString('utf8')}` };
  });
}
