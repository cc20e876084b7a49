import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKOUT } from './runtimes';

/** A file of the tarball as `npm pack --json` lists it. */
export interface PackedFile {
  path: string;
  size: number;
}

export interface PackedPackage {
  name: string;
  version: string;
  files: PackedFile[];
  unpackedSize: number;
  /** Absolute path of the tarball. */
  tarball: string;
}

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

function npm(args: string[], cwd: string): string {
  return execFileSync('npm', [...args, ...QUIET], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/**
 * Pack what `dist/` holds, as `npm publish` would; the build ran before the tests.
 *
 * @param folder absolute path of the folder that the tarball is put into
 */
export function packPackage(folder: string): PackedPackage {
  const [packed] = JSON.parse(npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], CHECKOUT)) as [
    PackedPackage & { filename: string },
  ];
  return { ...packed, tarball: join(folder, packed.filename) };
}

/** A new, empty temporary folder. Not below the checkout: there, packages missing in the tarball would be found. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `secure-mqtt-${name}-`));
}

/**
 * Make a Node-RED user directory with the package installed in it, as the palette manager does.
 *
 * @param tarball absolute path
 * @returns absolute path of the new directory; the caller removes it
 */
export function installIntoNewUserDir(tarball: string): string {
  const userDir = temporaryFolder('user-dir');
  try {
    const own = { name: 'node-red-project', version: '0.0.1', private: true };
    writeFileSync(join(userDir, 'package.json'), JSON.stringify(own));
    npm(
      ['install', '--save', '--save-prefix=~', '--omit=dev', '--engine-strict', '--prefer-offline', tarball],
      userDir,
    );
    return userDir;
  } catch (error) {
    rmSync(userDir, { recursive: true, force: true });
    throw error;
  }
}

/** `package.json` of every package that lies in the user directory, with its path. */
export function installedManifests(userDir: string): { path: string; scripts?: Record<string, string> }[] {
  const lock = JSON.parse(readFileSync(join(userDir, 'node_modules', '.package-lock.json'), 'utf8')) as {
    packages: Record<string, unknown>;
  };
  return Object.keys(lock.packages).map((path) => ({
    ...(JSON.parse(readFileSync(join(userDir, path, 'package.json'), 'utf8')) as { scripts?: Record<string, string> }),
    path,
  }));
}
