import type { ExportInput, NamedCertificate } from './export-input';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/** Base name of the trust anchors in every layout that does not prescribe another. */
export const CA_NAME = 'ca';

/** Leaves room for the longest ending within the 255 bytes of common file systems. */
const LONGEST = 64;

/**
 * Names that Windows gives to devices, also with any ending
 * (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
 */
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/i;

/**
 * A file name without ending for a common name.
 *
 * Letters, digits, `.`, `_` and `-` stay, so `dev01` and `broker.local` look as expected; everything
 * else (`/`, `\`, NUL, spaces, `*` of a wildcard …) becomes `-`. Never empty, never hidden, never a
 * step into another folder, never reserved on Windows.
 *
 * @param commonName any text, also a hostile one
 */
export function baseNameOf(commonName: string): string {
  const plain = commonName
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .slice(0, LONGEST)
    .replace(/^[.-]+|[.-]+$/g, '');
  if (plain === '') return 'certificate';
  const stem = plain.split('.', 1)[0] ?? '';
  return RESERVED.test(stem) ? `_${plain}`.slice(0, LONGEST).replace(/[.-]+$/, '') : plain;
}

/**
 * A base name that a person configured: taken as it is, or refused. It is never bent silently,
 * because people copy the name into sketches and scripts.
 *
 * @throws INPUT_FOLDER when it is no plain file name on every system
 */
export function checkBaseName(baseName: string): string {
  if (baseName !== '' && baseName === baseNameOf(baseName)) return baseName;
  throw codedError(
    'INPUT_FOLDER',
    `the base name is ${shownValue(baseName)}, expected a plain file name such as ${baseNameOf(baseName)}`,
    { field: 'baseName', value: shownValue(baseName) },
    'Use letters, digits, dot, dash and underscore only, at most 64, and no folder',
  );
}

interface Named {
  commonName: string;
  serialNumber: string;
}

/**
 * One base name for each certificate of an export, in their order.
 *
 * Two certificates of one name never share a file: the first keeps the name, each further one gets
 * the first eight digits of its serial number, which stay the same whatever else is exported with it.
 *
 * @param taken names that belong to other files of the layout, such as `ca`
 */
export function baseNames(certificates: readonly Named[], taken: readonly string[] = []): string[] {
  const used = new Set(taken.map((name) => name.toLowerCase()));
  return certificates.map(({ commonName, serialNumber }) => {
    const plain = baseNameOf(commonName);
    const candidates = [plain, `${plain}-${serialNumber.slice(0, 8)}`, `${plain}-${serialNumber}`];
    const name = candidates.find((candidate) => !used.has(candidate.toLowerCase())) ?? `certificate-${serialNumber}`;
    used.add(name.toLowerCase());
    return name;
  });
}

/**
 * The certificates of an export with their base names: the configured one for a single certificate, else
 * each its common name.
 *
 * @param taken names that belong to other files of the layout
 * @throws INPUT_FOLDER for a bad configured name
 */
export function namedCertificates(
  { certificates, settings }: ExportInput,
  taken: readonly string[] = [CA_NAME],
): NamedCertificate[] {
  const names =
    settings.baseName !== '' && certificates.length === 1
      ? [checkBaseName(settings.baseName)]
      : baseNames(certificates, taken);
  return certificates.map((certificate, index) => ({ ...certificate, baseName: names[index] as string }));
}

/** Base name of the trust anchors; the configured one when the CA itself is exported. */
export function caBaseName({ certificates, settings }: ExportInput): string {
  return settings.baseName !== '' && certificates.length === 0 ? checkBaseName(settings.baseName) : CA_NAME;
}
