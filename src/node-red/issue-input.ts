import type { IssueRequest } from '../ca/certificate-authority';
import { checkDistinguishedName, type DistinguishedName } from '../model/distinguished-name';
import { codedError, isCodedError } from '../model/errors';
import { isKeyType, KEY_TYPES } from '../model/key-type';
import { isLeafProfile, LEAF_PROFILES } from '../model/profile-name';
import { shownValue } from '../model/shown-value';
import { parseSubjectAltNames } from '../model/subject-alt-name';
import type { PlainObject } from './payload';

/** The fields of a certificate as configured and as a message may override them. */
export interface IssueFields {
  profile: unknown;
  commonName?: unknown;
  organization?: unknown;
  organizationalUnit?: unknown;
  country?: unknown;
  state?: unknown;
  locality?: unknown;
  subjectAltNames?: unknown;
  keyType?: unknown;
  validityDays?: unknown;
}

const SUBJECT_FIELDS = [
  'commonName',
  'organization',
  'organizationalUnit',
  'country',
  'state',
  'locality',
] as const satisfies (keyof DistinguishedName)[];

/** What a message may always set. */
const FREE_FIELDS = [...SUBJECT_FIELDS, 'subjectAltNames', 'keyType', 'validityDays'] as const;
/** What it may set only where the node says so. */
const TICKED_FIELDS = ['profile', 'action'] as const;
/** What no message ever sets: it decides where keys and files go and what a CA may do. */
const FIXED_FIELDS = ['ca', 'privateKeyTo', 'ipAsDns', 'folder', 'nameConstraints', 'constraints', 'storeKey'] as const;

/**
 * The configured fields with what one item of a message overrides.
 *
 * @param item a common name or an object
 * @param ticked the fields the node lets a message set beyond the free ones
 * @throws INPUT_OVERRIDE when the item sets something else
 */
export function overridden<T extends IssueFields & { action?: unknown }>(
  configured: T,
  item: string | PlainObject,
  ticked: readonly string[],
): T {
  if (typeof item === 'string') return { ...configured, commonName: item };
  for (const field of FIXED_FIELDS) {
    if (Object.hasOwn(item, field)) throw overrideError(field, item[field], 'a message never sets it');
  }
  const result: T = { ...configured };
  for (const field of TICKED_FIELDS) {
    if (!Object.hasOwn(item, field) || item[field] === configured[field]) continue;
    if (!ticked.includes(field)) throw overrideError(field, item[field], 'the node does not let a message set it');
    result[field] = item[field];
  }
  for (const field of FREE_FIELDS) {
    if (item[field] !== undefined && item[field] !== null) result[field] = item[field];
  }
  return result;
}

function overrideError(field: string, value: unknown, why: string): Error {
  return codedError(
    'INPUT_OVERRIDE',
    `the message sets ${field} to ${shownValue(value)}, but ${why}`,
    { field, value: shownValue(value) },
    (TICKED_FIELDS as readonly string[]).includes(field)
      ? `Tick "${field}" under "A message may set" in the node, or remove the field from the message`
      : 'Set it in the node and remove the field from the message',
  );
}

/**
 * The request to the CA for a set of fields.
 *
 * @throws INPUT_PROFILE, INPUT_COMMON_NAME, INPUT_SUBJECT, INPUT_SUBJECT_ALT_NAME, INPUT_KEY_TYPE,
 *   INPUT_VALIDITY; `cause.field` and `cause.value` name the culprit
 */
export function toIssueRequest(fields: IssueFields, options: { ipAsDns: boolean; storeKey: boolean }): IssueRequest {
  const request: IssueRequest = {
    profile: readChoice('INPUT_PROFILE', 'profile', fields.profile, isLeafProfile, LEAF_PROFILES),
    subject: named('subject', undefined, () => checkDistinguishedName(readSubject(fields))),
    subjectAltNames: named('subjectAltNames', fields.subjectAltNames, () =>
      isEmpty(fields.subjectAltNames) ? [] : parseSubjectAltNames(fields.subjectAltNames, { allowWildcard: true }),
    ),
    ...options,
  };
  if (!isEmpty(fields.keyType)) {
    request.keyType = readChoice('INPUT_KEY_TYPE', 'keyType', fields.keyType, isKeyType, KEY_TYPES);
  }
  if (!isEmpty(fields.validityDays)) request.validityDays = readDays(fields.validityDays);
  return request;
}

function readSubject(fields: IssueFields): DistinguishedName {
  const subject: DistinguishedName = {};
  for (const field of SUBJECT_FIELDS) {
    const value = fields[field];
    if (isEmpty(value)) continue;
    if (typeof value !== 'string') {
      throw codedError(
        field === 'commonName' ? 'INPUT_COMMON_NAME' : 'INPUT_SUBJECT',
        `${field} is ${shownValue(value)}, expected text`,
        { field, value: shownValue(value) },
        'Send the field as a string',
      );
    }
    subject[field] = value;
  }
  return subject;
}

function readChoice<T extends string>(
  code: 'INPUT_PROFILE' | 'INPUT_KEY_TYPE',
  field: string,
  value: unknown,
  accept: (value: unknown) => value is T,
  choices: readonly T[],
): T {
  if (accept(value)) return value;
  throw codedError(
    code,
    `${field} is ${shownValue(value)}, expected one of ${choices.join(', ')}`,
    { field, value: shownValue(value), choices: [...choices] },
    `Use one of ${choices.join(', ')}`,
  );
}

function readDays(value: unknown): number {
  const days = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof days === 'number' && Number.isFinite(days) && days > 0) return days;
  throw codedError(
    'INPUT_VALIDITY',
    `validityDays is ${shownValue(value)}, expected a number of days above 0`,
    { field: 'validityDays', value: shownValue(value) },
    'Give the period in days, for example 397',
  );
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Add the field to the facts of an error that came from below. */
function named<T>(field: string, value: unknown, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const facts = { field, ...(value === undefined ? {} : { value: shownValue(value) }), ...error.cause };
    throw codedError(error.code, error.message, facts, error.hint);
  }
}

/** Add the place in a batch to the facts of an error. */
export function atIndex<T>(index: number | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (index === undefined || !isCodedError(error)) throw error;
    throw codedError(error.code, `item ${index}: ${error.message}`, { index, ...error.cause }, error.hint);
  }
}
