import type { CertificateAuthority } from '../../src/ca/certificate-authority';
import { acquireAuthority, authoritySettings, type AuthorityLease } from '../../src/ca/authority-registry';
import type { AuthorityOptions } from '../../src/ca/authority-options';
import type { IssueRequest } from '../../src/ca/issue-request';
import type { Clock } from '../../src/model/clock';
import { TLS_CA_DEFAULTS, type TlsCaConfig } from '../../src/model/config/tls-ca';
import type { ProfileName } from '../../src/model/profile-name';
import { parseSubjectAltNames } from '../../src/model/subject-alt-name';
import type { ProcessTable } from '../../src/store/process-identity';
import type { MemoryClock } from './memory-clock';

/** Settings of a test CA. */
export function testSettings(config: Partial<TlsCaConfig> = {}) {
  return authoritySettings({ ...TLS_CA_DEFAULTS, name: 'Test CA', ...config });
}

/** Options for a CA in `/user/pki/ca` of a memory disk, or in `pki/ca` below `userDir`. */
export function authorityOptions(
  given: Partial<AuthorityOptions> & { config?: Partial<TlsCaConfig> } = {},
): AuthorityOptions {
  const { config, ...options } = given;
  const userDir = options.userDir ?? '/user';
  return { folder: `${userDir}/pki/ca`, userDir, nodeId: 'node1', settings: testSettings(config), ...options };
}

let processes = 0;

/** A process of its own that finds every other one dead: the next start after a crash. */
export function nextProcess(): ProcessTable {
  processes += 1;
  const self = {
    host: 'test',
    bootId: 'boot',
    pidNamespace: '',
    pid: 4_000_000 + processes,
    startTime: String(processes),
  };
  return { self: () => self, stateOf: ({ pid }) => (pid === self.pid ? 'alive' : 'dead') };
}

/** By what it can do: its module watches the thread pool of this process, which benches must not pay for. */
const isMemoryClock = (clock: Clock): clock is MemoryClock => 'advance' in clock;

/** Open a CA while time passes: a lock that nobody can read any more is watched for some seconds. */
export function openWhileTimePasses(options: AuthorityOptions & { clock: Clock }): Promise<AuthorityLease> {
  const opening = acquireAuthority(options);
  return isMemoryClock(options.clock) ? whileTimePasses(options.clock, opening) : opening;
}

/** Let the clock go on until some work is done. */
export async function whileTimePasses<T>(clock: MemoryClock, work: Promise<T>): Promise<T> {
  let open = true;
  const settled = work.catch(() => undefined).finally(() => (open = false));
  while (open) {
    await Promise.race([settled, new Promise((resolve) => setImmediate(resolve))]);
    if (open) await clock.advance(100);
  }
  return work;
}

/** A request for a device, or for a server named `….local`. */
export function deviceRequest(commonName: string, more: Partial<IssueRequest> = {}): IssueRequest {
  return { profile: 'device', subject: { commonName }, ...more };
}

export function serverRequest(names: readonly string[], more: Partial<IssueRequest> = {}): IssueRequest {
  const subjectAltNames = parseSubjectAltNames([...names], { allowWildcard: true });
  return { profile: 'server', subject: {}, subjectAltNames, ...more };
}

/** Serial numbers by the profile they were issued with. */
export function serialNumbers(authority: CertificateAuthority, profile?: ProfileName): string[] {
  return authority.list(profile ? { profile } : {}).items.map(({ serialNumber }) => serialNumber);
}
