/** Label of letters, digits and inner hyphens (RFC 1123 §2.1), lower case. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * A host name as it stands in a dNSName: A-labels (IDNA), lower case, no trailing dot.
 *
 * The mapping of letters outside ASCII is that of the URL standard, the one thing browser and Node share. A name that
 * is ASCII already is taken as it stands, also with `xn--`: Node 20 and 24 differ in what they find wrong there.
 *
 * @returns undefined when the text is no host name; also for IP addresses and for whatever ends in a number, because
 *          a URL reader takes those for IPv4 addresses
 */
export function toDnsName(text: string): string | undefined {
  // A URL reader gives a meaning to / ? # @ : % \ and skips tabs: only what can stand in a name goes in.
  if (typeof text !== 'string' || text.length > 1024 || !/^[A-Za-z0-9.\-\u0080-\u{10FFFF}]+$/u.test(text))
    return undefined;
  let name = text.toLowerCase();
  // eslint-disable-next-line no-control-regex
  if (/[^\x00-\x7f]/.test(name)) {
    const url = `http://${name}/`;
    if (!URL.canParse(url)) return undefined;
    name = new URL(url).hostname;
  }
  if (name.length > 253) return undefined;
  const labels = name.split('.');
  if (!labels.every((label) => LABEL.test(label))) return undefined;
  return /^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? undefined : name;
}

interface Problem {
  problem: string;
  hint: string;
}

interface ProblemRow extends Problem {
  when(text: string): boolean;
}

/** What is wrong, most telling first. */
const PROBLEMS: readonly ProblemRow[] = [
  { when: (text) => text === '', problem: 'is empty', hint: 'Write dns: followed by the host name' },
  {
    when: (text) => /\s/.test(text),
    problem: 'a DNS name has no spaces',
    hint: 'Remove the space; one entry per name',
  },
  {
    when: (text) => text.includes('_'),
    problem: 'a host name has no underscore',
    hint: 'Rename the host, for example with a hyphen: TLS stacks refuse underscores',
  },
  {
    when: (text) => text.includes('://') || text.includes('/'),
    problem: 'is a URL, not a host name',
    hint: 'Write only the host name',
  },
  {
    when: (text) => text.includes(':'),
    problem: 'has a port or colon',
    hint: 'Write only the host name, without port',
  },
  { when: (text) => text.endsWith('.'), problem: 'ends with a dot', hint: 'Remove the dot at the end' },
  {
    when: (text) => text.startsWith('.') || text.includes('..'),
    problem: 'has an empty label',
    hint: 'Write one dot between two labels',
  },
  {
    when: (text) => text.split('.').some((label) => label.length > 63),
    problem: 'has a label of more than 63 characters',
    hint: 'Shorten it',
  },
  { when: (text) => text.length > 253, problem: `is longer than 253 characters`, hint: 'Shorten it' },
  {
    when: (text) => /(^|\.)-|-(\.|$)/.test(text),
    problem: 'has a label that begins or ends with a hyphen',
    hint: 'Remove the hyphen',
  },
  {
    when: (text) => /(^|\.)(\d+|0x[0-9a-f]*)$/i.test(text),
    problem: 'ends in a number like an IP address',
    hint: 'For an address write ip:…; for a host add a domain, such as .local',
  },
];

/** Why {@link toDnsName} refused a text, in words. */
export function dnsNameProblem(text: string): Problem {
  return (
    PROBLEMS.find((row) => row.when(text)) ?? {
      problem: 'is not a DNS name',
      hint: 'A host name has letters, digits, hyphens and dots',
    }
  );
}
