import { codedError } from '../model/errors';
import { isUnsafeInLine } from './configuration-text';

/** Someone who logs in with a password. */
export interface MosquittoUser {
  name: string;
  secretPassword: string;
  /** Access beyond the topics of the own name, as in an ACL: `readwrite #`. */
  topics: string[];
}

const MAX_USERS = 10_000;
/** A topic line of an ACL without its first word; the kind of access is optional there, here it is not. */
const TOPIC_RULE = /^(read|write|readwrite|deny) \S.*$/;

/**
 * The users of the `users` credential.
 *
 * @param text JSON `[{"name":"dev02","password":"…","topics":["readwrite #"]}]` (topics optional), or one
 *   `user:password` per line; empty: none. A password may hold colons.
 * @throws INPUT_CONFIG naming the entry, never its password
 */
export function parseUsers(text: string | undefined): MosquittoUser[] {
  const given = text ?? '';
  if (given.trim() === '') return [];
  const entries = given.trimStart().startsWith('[') ? fromJson(given) : fromLines(given);
  if (entries.length > MAX_USERS) throw refused(`${entries.length} users, at most ${MAX_USERS} are taken`);
  const names = new Set<string>();
  return entries.map((entry, index) => {
    const user = checkUser(entry, index);
    if (names.has(user.name)) throw refused(`user ${index + 1} has the name ${user.name} of an earlier one`);
    names.add(user.name);
    return user;
  });
}

function fromJson(text: string): unknown[] {
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    // The parser's own message repeats the text, and with it passwords.
    throw refused('the list of users begins with [ but is no valid JSON');
  }
}

function fromLines(text: string): unknown[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const colon = line.indexOf(':');
      return colon < 0 ? undefined : { name: line.slice(0, colon), password: line.slice(colon + 1) };
    });
}

function checkUser(entry: unknown, index: number): MosquittoUser {
  const place = `user ${index + 1}`;
  const { name, password, topics = [] } = (entry ?? {}) as { name?: unknown; password?: unknown; topics?: unknown };
  if (typeof name !== 'string' || typeof password !== 'string') {
    throw refused(`${place} has no name or no password`);
  }
  const trimmed = name.trim();
  // A colon ends the name in the password file; "+", "#" and "/" would reach beyond the own topics in %u.
  if (trimmed === '' || trimmed.length > 256 || isUnsafeInLine(trimmed) || /[:+#/]/.test(trimmed)) {
    throw refused(`the name of ${place} is empty, too long or holds one of : + # / or a control character`);
  }
  // MQTT 3.1.1 §1.5.3 allows 65,535 octets.
  if (password === '' || Buffer.byteLength(password) > 65_535) {
    throw refused(`the password of ${place} (${trimmed}) is empty or longer than 65535 octets`);
  }
  const valid = (rule: unknown): rule is string =>
    typeof rule === 'string' && TOPIC_RULE.test(rule) && !isUnsafeInLine(rule);
  if (!Array.isArray(topics) || !topics.every(valid)) {
    throw refused(`the topics of ${place} (${trimmed}) are no list of rules such as "readwrite #"`);
  }
  return { name: trimmed, secretPassword: password, topics };
}

function refused(message: string): Error {
  return codedError(
    'INPUT_CONFIG',
    message,
    { field: 'users' },
    'Write one user:password per line, or [{"name":"dev02","password":"…"}]',
  );
}
