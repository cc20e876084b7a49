import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { levelsMatch, parseTopicFilter } from './topic';

/** What a rule allows; `deny` wins over all others for its topics. */
export type AclAccess = 'read' | 'write' | 'readwrite' | 'deny';

/** Who asks. */
export interface AclClient {
  clientId: string;
  /** Identity: common name of the client certificate, else user name; undefined for an anonymous client. */
  username?: string;
}

interface AclRule {
  access: AclAccess;
  levels: string[];
  /** Holds %c or %u. */
  pattern: boolean;
  /** Holds %c. */
  byClientId: boolean;
}

/** Longest text of rules that is read. */
const LONGEST_ACL = 1_000_000;

const ACCESSES: ReadonlySet<string> = new Set(['read', 'write', 'readwrite', 'deny']);

/**
 * Access rules in Mosquitto's syntax (mosquitto.conf(5), acl_file): `topic [read|write|readwrite|deny] <topic>`
 * before the first `user` line for anonymous clients, after it for that user; `pattern …` for everyone, with `%c`
 * (client id) and `%u` (user name). What no rule allows is refused. Without any rule everything is allowed.
 *
 * Other than in Mosquitto a rule with `%c` allows nothing to a client that is known by another name than its client id:
 * the id is its own choice, and that of another device would open the topics of that device.
 */
export class AccessList {
  private readonly anonymous: AclRule[] = [];
  private readonly users = new Map<string, AclRule[]>();
  private readonly patterns: AclRule[] = [];
  private empty = true;

  /**
   * @throws INPUT_CONFIG with the number of the line that cannot be read
   */
  static parse(text: string): AccessList {
    if (text.length > LONGEST_ACL) throw malformed(0, 'the rules are too long', `${text.length} characters`);
    const list = new AccessList();
    let current = list.anonymous;
    text.split(/\r?\n/).forEach((raw, index) => {
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) return;
      list.empty = false;
      const [keyword = '', rest = ''] = splitWord(line);
      if (keyword === 'user') {
        if (rest === '') throw malformed(index + 1, 'a user line without a name', line);
        current = list.users.get(rest) ?? [];
        list.users.set(rest, current);
      } else if (keyword === 'topic') {
        current.push(parseRule(rest, index + 1, line, false));
      } else if (keyword === 'pattern') {
        list.patterns.push(parseRule(rest, index + 1, line, true));
      } else {
        throw malformed(index + 1, 'a line begins with user, topic or pattern', line);
      }
    });
    return list;
  }

  /** True when there are no rules, so that everything is allowed. */
  get allowsAll(): boolean {
    return this.empty;
  }

  mayPublish(client: AclClient, topic: string): boolean {
    return this.empty || this.allows(client, topic.split('/'), 'write');
  }

  /**
   * For every message that goes to a client, as Mosquitto judges: a filter may be wider than what is allowed. What the
   * broker says of itself below `$SYS` names all clients and what they subscribe to: only a rule opens it.
   */
  mayReceive(client: AclClient, topic: string): boolean {
    if (this.empty) return !topic.startsWith('$');
    return this.allows(client, topic.split('/'), 'read');
  }

  private allows(client: AclClient, name: readonly string[], wanted: 'read' | 'write'): boolean {
    const own = client.username === undefined ? this.anonymous : (this.users.get(client.username) ?? []);
    let allowed = false;
    for (const rule of [...own, ...this.patterns]) {
      if (rule.access !== 'deny' && rule.byClientId && !isCalledByItsId(client)) continue;
      const levels = rule.pattern ? fillIn(rule.levels, client) : rule.levels;
      // What a rule denies to somebody whose name does not fit into it nobody can say: all is denied, as in Mosquitto.
      if (levels === undefined && rule.access === 'deny') return false;
      if (levels === undefined || !levelsMatch(levels, name)) continue;
      if (rule.access === 'deny') return false;
      if (rule.access === wanted || rule.access === 'readwrite') allowed = true;
    }
    return allowed;
  }
}

/** An anonymous client has no other name. */
function isCalledByItsId({ clientId, username }: AclClient): boolean {
  return username === undefined || username === clientId;
}

/**
 * Put client id and user name into a pattern. Undefined, so the rule does not count, when the value is absent or
 * would not stay one plain text: a client id `#` or `a/+` must not widen the rule (CVE-2017-7650).
 */
function fillIn(levels: readonly string[], client: AclClient): string[] | undefined {
  const filled: string[] = [];
  for (const level of levels) {
    if (!/%[cu]/.test(level)) {
      filled.push(level);
      continue;
    }
    const needed = [
      ...(level.includes('%c') ? [client.clientId] : []),
      ...(level.includes('%u') ? [client.username] : []),
    ];
    if (needed.some((value) => value === undefined || value === '' || /[+#/]/.test(value))) return undefined;
    filled.push(level.replace(/%[cu]/g, (mark) => (mark === '%c' ? client.clientId : (client.username as string))));
  }
  return filled;
}

function parseRule(rest: string, line: number, text: string, pattern: boolean): AclRule {
  const [first = '', remainder = ''] = splitWord(rest);
  const [access, topic] =
    ACCESSES.has(first) && remainder !== '' ? [first as AclAccess, remainder] : ['readwrite' as const, rest];
  try {
    const { levels } = parseTopicFilter(topic);
    return { access, levels, pattern, byClientId: pattern && topic.includes('%c') };
  } catch {
    throw malformed(line, 'a rule without a correct topic', text);
  }
}

/** First word and the rest: topics and user names may hold spaces. */
function splitWord(text: string): [string, string] {
  const match = /^(\S+)\s*(.*)$/.exec(text);
  return match ? [match[1] as string, match[2] as string] : ['', ''];
}

function malformed(line: number, what: string, text: string): Error {
  return codedError(
    'INPUT_CONFIG',
    `access rules, line ${line}: ${what}: ${shownValue(text)}`,
    { field: 'acl', line, text: shownValue(text) },
    'Rules are written as in Mosquitto: "user dev01", then "topic read a/b"; "pattern readwrite %c/status" for everyone',
  );
}
