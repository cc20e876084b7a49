import { codedError } from '../model/errors';
import { parseIpAddress } from '../model/ip-address';
import { isKeyType } from '../model/key-type';
import { isLeafProfile } from '../model/profile-name';
import type { Selector } from '../model/selector';
import { shownValue } from '../model/shown-value';
import type { Certificate } from '../pki/certificate';
import type { InventoryRecord } from '../store/inventory';
import type { AuthorityCore } from './authority-core';
import { chooseRecord } from './certificate-choice';
import { planNames, planValidity, type IssuePlan } from './issue-plan';
import type { RenewOptions } from './issue-request';
import { readIssued } from './issued-certificate';

/**
 * The plan for a certificate with the names and profile of an older one. The older one stays valid until it ends, so
 * that whoever uses it has time to change over.
 *
 * @throws CERT_NOT_FOUND, CERT_STATUS (revoked, or a CA), INPUT_VALIDITY, CA_EXPIRED
 */
export async function planRenewal(core: AuthorityCore, selector: Selector, options: RenewOptions): Promise<IssuePlan> {
  const record = chooseRecord(core.database.inventory, selector, core.clock.now());
  if (record.revocation) throw mayNotRenew(record, 'is revoked', 'Issue a new certificate');
  const profile = record.profile === 'unknown' ? 'client' : record.profile;
  if (!isLeafProfile(profile)) throw mayNotRenew(record, 'is a CA', 'Renew a CA in its own node');
  const { certificate, secretPem } = await readIssued(core, record);
  const names = { subject: certificate.subject, ...namesOf(certificate) };
  const rekey = options.rekey ?? true;
  return {
    profile,
    ...planNames(core, profile, names),
    ipAsDns: names.ipAsDns,
    key: rekey
      ? { make: isKeyType(record.keyType) ? record.keyType : core.settings.keyType }
      : { publicKey: certificate.publicKey, ...(secretPem && { secretPem: secretPem.toString('utf8') }) },
    // A key that was handed out and not kept stays out of the folder, unless asked for.
    storeKey: options.storeKey ?? true,
    renews: record.serialNumber,
    ...planValidity(core, profile, options.validityDays),
  };
}

/** Addresses that stand as DNS names are the mark of `ipAsDns`; as such they would be refused. */
function namesOf(certificate: Certificate) {
  const all = certificate.subjectAltNames;
  const subjectAltNames = all.filter(({ type, value }) => type !== 'dns' || !parseIpAddress(value));
  return { subjectAltNames, ipAsDns: subjectAltNames.length < all.length };
}

function mayNotRenew({ serialNumber, commonName }: InventoryRecord, status: string, hint: string) {
  return codedError(
    'CERT_STATUS',
    `the certificate ${shownValue(commonName)} with serial number ${serialNumber} ${status} and cannot be renewed`,
    { serialNumber, commonName, status },
    hint,
  );
}
