import { judgeTraits, rulesFor, stackNames, type DeviceCompatibility } from '../model/device-rules';
import { warning, type Warning } from '../model/errors';
import type { Certificate } from './certificate';
import { traitsOf } from './certificate-traits';

/**
 * The verdict of every stack on a certificate: a row of the table whose columns are `DEVICE_STACKS`.
 *
 * @param issuers the CAs above it, the root last
 */
export function deviceCompatibility(
  certificate: Certificate,
  issuers: readonly Certificate[] = [],
): DeviceCompatibility {
  return judgeTraits(traitsOf(certificate), issuers.map(traitsOf));
}

/**
 * Which devices and programs cannot use this certificate.
 *
 * @returns CERT_DEVICE_LIMIT for each case, the devices in words; `cause` has `rule` and `stacks`
 */
export function deviceWarnings(certificate: Certificate): Warning[] {
  return rulesFor(traitsOf(certificate))
    .filter(({ quiet }) => !quiet)
    .map(({ id, stacks, limit, hint }) =>
      warning('CERT_DEVICE_LIMIT', `${stackNames(stacks)} ${limit}`, { rule: id, stacks: [...stacks] }, hint),
    );
}
