import type { CertificateOutline } from '../model/certificate-traits';
import { DAY_MS } from '../model/duration';
import { parseIpAddress } from '../model/ip-address';
import { isLeafProfile } from '../model/profile-name';
import { formatSubjectAltName, toDnsName } from '../model/subject-alt-name';
import { readNameList } from './name-list';

/** What the dialog of tls-issue says of the certificate to come; texts as they stand in its fields. */
export interface IssueDraft {
  profile: string;
  /** Empty: as the CA. */
  keyType: string;
  commonName: string;
  /** JSON list of names; undefined where they come from elsewhere. */
  subjectAltNames: string | undefined;
  ipAsDns: boolean;
  /** Empty or no number: as the CA. */
  validityDays: string;
}

/** What the CA fills in. */
export interface IssueDefaults {
  keyType: string;
  leafValidityDays: number;
  deviceValidityDays: number;
}

const NAME_TO_COME = 'dns:server.example';

/** The certificate that the runtime would issue now, as far as the dialog knows (`planIssue` is what counts). */
export function outlineOfDraft(draft: IssueDraft, defaults: IssueDefaults, now: number): CertificateOutline {
  const profile = isLeafProfile(draft.profile) ? draft.profile : 'server';
  const ownDays = profile === 'device' ? defaults.deviceValidityDays : defaults.leafValidityDays;
  const days = Number(draft.validityDays.trim()) > 0 ? Number(draft.validityDays) : ownDays;
  return {
    profile,
    keyType: draft.keyType || defaults.keyType,
    subjectAltNames: namesOf(draft, profile.startsWith('server')),
    // Backdated, as the runtime does it.
    notBefore: now - DAY_MS,
    notAfter: now + days * DAY_MS,
  };
}

function namesOf({ commonName, subjectAltNames, ipAsDns }: IssueDraft, isServer: boolean): string[] {
  const names = (readNameList(subjectAltNames ?? '') ?? []).map(({ type, value }) => `${type}:${written(type, value)}`);
  const own = isServer ? hostName(commonName.trim()) : undefined;
  const all = [...new Set([...(own ? [own] : []), ...names.filter((name) => !name.endsWith(':'))])];
  // Without a name no server's certificate is issued: here it comes with the message.
  if (isServer && all.length === 0) return [NAME_TO_COME];
  const addresses = ipAsDns ? all.filter((name) => name.startsWith('ip:')) : [];
  return [...all, ...addresses.map((name) => `dns:${name.slice('ip:'.length)}`)];
}

/** A name as it will stand in the certificate; what is not finished yet stays as it is. */
function written(type: string, value: string): string {
  const text = value.trim();
  if (type === 'ip') return parseIpAddress(text)?.text ?? text;
  return type === 'dns' ? text.toLowerCase() : text;
}

function hostName(commonName: string): string | undefined {
  const address = parseIpAddress(commonName);
  if (address) return formatSubjectAltName({ type: 'ip', value: address.text });
  const dnsName = toDnsName(commonName);
  return dnsName === undefined ? undefined : formatSubjectAltName({ type: 'dns', value: dnsName });
}
