import { AUTHORITY_EVENTS } from '../model/authority-event-name';
import { checkDistinguishedName, type DistinguishedName } from '../model/distinguished-name';
import { parseThreshold } from '../model/duration';
import { isCodedError } from '../model/errors';
import { readInventoryQuery } from '../model/inventory-query';
import { parseIpAddress } from '../model/ip-address';
import { parseNameConstraints } from '../model/name-constraints';
import { readSelector } from '../model/selector';
import { parseSubjectAltNames, toDnsName } from '../model/subject-alt-name';
import { conditionHolds, parseCondition } from './condition';
import { currentValue, fieldText } from './dialog-form';
import type { EditedNode, Validator } from './red';
import { messageText, sharedText } from './text';
import { isTopicFilter, isTopicName } from './topic-pattern';

/**
 * Validators with reasons. All judge with the functions that the runtime uses, so that what the dialog accepts works.
 * The editor shows a returned text as the reason only when the function has two parameters.
 */

/** Judge by a check that throws our coded errors. */
export function byCheck(check: () => unknown, label: string | undefined): boolean | string {
  try {
    check();
    return true;
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const told = messageText(error);
    return sharedText('invalid.because', { label, reason: error.hint ? `${told}. ${error.hint}` : told });
  }
}

/** A whole number in a range; empty only where `blank` says so. */
export function wholeNumber<Config>(range: { min: number; max: number; blank?: boolean }): Validator<Config> {
  return function (value, options) {
    const text = fieldText(value).trim();
    if (text === '' && range.blank) return true;
    if (/^\d+$/.test(text) && Number(text) >= range.min && Number(text) <= range.max) return true;
    return sharedText('invalid.number', { label: options?.label, min: range.min, max: range.max });
  };
}

/** The same where a type may say that the value comes from somewhere else than the field. */
export function typedWholeNumber<Config>(
  typeField: string,
  range: { min: number; max: number; blank?: boolean },
): Validator<Config> {
  const judge = wholeNumber<Config>(range);
  return function (value, options) {
    return currentValue(this, typeField) === 'num' ? judge.call(this, value, options) : true;
  };
}

/** A port, or 0 for none, that is not the one in another field. */
export function secondPort<Config>(firstField: string): Validator<Config> {
  const judge = wholeNumber<Config>({ min: 0, max: 65535 });
  return function (value, options) {
    const judged = judge.call(this, value, options);
    if (judged !== true || Number(value) !== Number(currentValue(this, firstField))) return judged;
    return sharedText('invalid.samePort', { label: options?.label, port: Number(value) });
  };
}

/** `33%` or `30d`. */
export function threshold<Config>(): Validator<Config> {
  return function (value, options) {
    return byCheck(() => parseThreshold(fieldText(value)), options?.label);
  };
}

/** A part of a subject; empty is allowed. */
export function subjectField<Config>(field: keyof DistinguishedName): Validator<Config> {
  return function (value, options) {
    // Of a typed input only a plain text can be judged before the flow runs.
    if (!['', 'str'].includes(currentValue(this, `${field}Type`))) return true;
    return byCheck(() => checkDistinguishedName({ [field]: fieldText(value) }), options?.label);
  };
}

export function nameConstraints<Config>(): Validator<Config> {
  return function (value, options) {
    return byCheck(() => parseNameConstraints(fieldText(value)), options?.label);
  };
}

/** The list of names of a certificate, where it is written in the node. */
export function subjectAltNames<Config>(typeField: string): Validator<Config> {
  return function (value, options) {
    if (currentValue(this, typeField) !== 'json') return true;
    return byCheck(() => parseSubjectAltNames(fieldText(value), { allowWildcard: true }), options?.label);
  };
}

/** Whether a field applies to a node, by a condition as in `data-when`; without one always. */
function appliesWhen<Config>(when: string | undefined): (node: EditedNode<Config>) => boolean {
  if (when === undefined) return () => true;
  const condition = parseCondition(when);
  return (node) => conditionHolds(condition, (field) => currentValue(node, field));
}

/**
 * A field that must hold something when the condition holds (as in `data-when`).
 *
 * Also for config node selectors, whose "none" is `_ADD_`; a chosen node must exist and be enabled.
 */
export function needed<Config>(when?: string): Validator<Config> {
  const applies = appliesWhen<Config>(when);
  return function (value, options) {
    if (!applies(this)) return true;
    if (value !== '' && value !== '_ADD_' && value !== undefined && value !== null) return true;
    return sharedText('invalid.missing', { label: options?.label });
  };
}

/** As {@link needed} for a property that points to a config node. */
export function neededNode<Config>(when?: string): Validator<Config> {
  const present = needed<Config>(when);
  const applies = appliesWhen<Config>(when);
  return function (value, options) {
    const verdict = present.call(this, value, options);
    if (verdict !== true || !value || value === '_ADD_') return verdict;
    if (!applies(this)) return true;
    return RED.nodes.node(fieldText(value)) ? true : sharedText('invalid.noSuchNode', { label: options?.label });
  };
}

/** `serial:<hex>` or a name, where it is written in the node; empty is allowed. */
export function selector<Config>(typeField: string): Validator<Config> {
  return function (value, options) {
    const text = fieldText(value).trim();
    if (text === '' || currentValue(this, typeField) !== 'str') return true;
    return byCheck(() => readSelector(text), options?.label);
  };
}

/** A query to the inventory, where it is written in the node. */
export function inventoryQuery<Config>(typeField: string): Validator<Config> {
  const isObject = jsonObject<Config>();
  return function (value, options) {
    if (currentValue(this, typeField) !== 'json') return true;
    const verdict = isObject.call(this, value, options);
    if (verdict !== true) return verdict;
    return byCheck(() => readInventoryQuery(JSON.parse(fieldText(value).trim() || '{}')), options?.label);
  };
}

/** At least one event of a CA, and nothing else. */
export function eventList<Config>(): Validator<Config> {
  return function (value, options) {
    const names: readonly unknown[] = Array.isArray(value) ? value : [];
    const known = names.filter((name) => (AUTHORITY_EVENTS as readonly unknown[]).includes(name));
    return known.length > 0 && known.length === names.length
      ? true
      : sharedText('invalid.missing', { label: options?.label });
  };
}

/** A file name without folder that every system takes; empty is allowed. The runtime judges with the same characters. */
export function fileName<Config>(): Validator<Config> {
  return function (value, options) {
    const text = fieldText(value);
    if (text === '' || (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(text) && !/\.\.|[.-]$/.test(text))) return true;
    return sharedText('invalid.fileName', { label: options?.label });
  };
}

/** A topic filter to subscribe to; empty is refused when the condition holds. */
export function topicFilter<Config>(when?: string): Validator<Config> {
  const applies = appliesWhen<Config>(when);
  return function (value, options) {
    if (!applies(this)) return true;
    return isTopicFilter(fieldText(value)) ? true : sharedText('invalid.topicFilter', { label: options?.label });
  };
}

/** A topic name to publish to; empty is allowed. */
export function topicName<Config>(): Validator<Config> {
  return function (value, options) {
    const text = fieldText(value);
    return text === '' || isTopicName(text) ? true : sharedText('invalid.topicName', { label: options?.label });
  };
}

/** An IPv4 or IPv6 address to listen on. */
export function bindAddress<Config>(): Validator<Config> {
  return function (value, options) {
    return parseIpAddress(fieldText(value).trim()) ? true : sharedText('invalid.address', { label: options?.label });
  };
}

/** Host names and addresses, separated by commas or lines; at least one. */
export function hostList<Config>(): Validator<Config> {
  return function (value, options) {
    const hosts = fieldText(value)
      .split(/[\s,;]+/)
      .filter((host) => host !== '');
    if (hosts.length === 0) return sharedText('invalid.missing', { label: options?.label });
    const wrong = hosts.find((host) => !parseIpAddress(host) && !toDnsName(host.replace(/^\*\./, '')));
    return wrong === undefined ? true : sharedText('invalid.host', { label: options?.label, host: wrong });
  };
}

/** The JSON text of an object; empty is allowed. */
export function jsonObject<Config>(): Validator<Config> {
  return function (value, options) {
    const text = fieldText(value).trim();
    if (text === '') return true;
    try {
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return true;
    } catch {
      // The message below says what is wanted.
    }
    return sharedText('invalid.jsonObject', { label: options?.label });
  };
}
