import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { parseTarget } from '../model/target';
import { currentValue, fieldText } from './dialog-form';
import type { Validator } from './red';
import { byCheck } from './validators';

/**
 * What a probe connects to, where it is written in the node: one target, or a JSON list. Empty is allowed: the message
 * or the broker says it.
 */
export function probeTarget<Config>(typeField: string): Validator<Config> {
  return function (value, options) {
    const text = fieldText(value).trim();
    const type = currentValue(this, typeField);
    if (text === '' || !['str', 'json', ''].includes(type)) return true;
    return byCheck(() => (type === 'json' ? checkTargets(readJson(text)) : parseTarget(text)), options?.label);
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrong(`this is no JSON (${(error as Error).message})`);
  }
}

/** A text, `{target, servername}`, or a list of these; as `src/node-red/probe-jobs.ts` takes them. */
function checkTargets(asked: unknown): void {
  if (!Array.isArray(asked)) return checkTarget(asked);
  if (asked.length === 0) throw wrong('the list is empty');
  asked.forEach((one: unknown, index) => {
    try {
      checkTarget(one);
    } catch (error) {
      throw wrong(`number ${index + 1} of the list: ${(error as Error).message}`);
    }
  });
}

function checkTarget(one: unknown): void {
  const target = typeof one === 'object' && one !== null ? (one as { target?: unknown }).target : one;
  if (typeof target !== 'string') throw wrong(`${shownValue(one)} has no target`);
  parseTarget(target);
}

function wrong(message: string): Error {
  return codedError('INPUT_TARGET', message, {}, 'Write ["host:port", "wss://host/path"]');
}
