import { der } from '../../../src/encoding/der-writer';
import { CLIENT_AUTH, rawDns, rawExtension, rawExtensions } from '../raw-certificate';
import {
  chainCase,
  EXPIRED,
  PEER,
  newKey,
  rootCa,
  server,
  subCa,
  type ChainCase,
  type Changes,
  type Issued,
} from './chain-case';

/** Who has certified whom, the server last of a branch; `*` is trusted. */
type Graph = readonly (readonly [issuer: string, subject: string])[];

const TRUSTED = 'Anchor';
const SERVER = 'Server';

/** Graphs of trust (RFC 4158 §2.3 and §2.4; BetterTLS builds its cases from the same ones). */
const GRAPHS: Record<string, Graph> = {
  line: [
    [TRUSTED, 'A'],
    ['A', SERVER],
  ],
  'two roots, one trusted': [
    [TRUSTED, 'A'],
    ['Stranger', 'A'],
    ['A', SERVER],
  ],
  'figure 7': [
    [TRUSTED, 'A'],
    [TRUSTED, 'C'],
    ['A', 'C'],
    ['C', 'A'],
    ['A', 'B'],
    ['C', 'B'],
    ['B', SERVER],
  ],
  bridge: [
    [TRUSTED, 'Bridge'],
    ['Bridge', TRUSTED],
    ['Bridge', 'X'],
    ['X', 'Bridge'],
    ['Bridge', 'Y'],
    ['Y', 'Bridge'],
    ['X', 'L'],
    ['L', 'N'],
    ['Y', 'A'],
    ['A', 'C'],
    ['C', 'A'],
    ['N', SERVER],
  ],
};

/** Why the certificate of an edge does not count. */
const REASONS: Record<string, Changes> = {
  expired: EXPIRED,
  'no CA': { with: { constraints: rawExtensions.leafConstraints(), usage: rawExtensions.keyUsage([0]) } },
  'without basicConstraints': { with: { constraints: undefined } },
  'for clients': { with: { purposes: rawExtensions.extendedKeyUsage([CLIENT_AUTH]) } },
  'constrained to other names': {
    with: {
      limits: rawExtension(
        '2.5.29.30',
        der.sequence(der.implicit(0, der.sequence(rawDns('other.example')), true)),
        true,
      ),
    },
  },
  'signed with SHA-1': { sha1: true },
};

function fromGraph(name: string, graph: Graph, invalid: readonly number[], reason: Changes): ChainCase {
  const parties = new Map<string, Issued>();
  const party = (who: string): Issued => {
    const known = parties.get(who) ?? rootCa(who, { key: newKey() });
    parties.set(who, known);
    return known;
  };
  const anchor = party(TRUSTED);
  const certificates = graph.map(([issuer, subject], index) => {
    const changes = invalid.includes(index) ? reason : {};
    if (subject === SERVER) return server(party(issuer));
    return subCa(party(issuer), subject, { ...changes, key: party(subject).key });
  });
  const leaf = certificates.at(-1) as Issued;
  return {
    name,
    leaf,
    sent: certificates.slice(0, -1).map((certificate) => certificate.der),
    anchors: [anchor.der],
    peer: PEER,
  };
}

/** Sets of edges that do not count: each alone, and both ways out of a fork. */
function broken(graph: Graph): number[][] {
  const edges = graph.flatMap(([, subject], index) => (subject === SERVER ? [] : [index]));
  const forks = edges.flatMap((one) =>
    edges.flatMap((other) => (other > one && graph[one]?.[1] === graph[other]?.[1] ? [[one, other]] : [])),
  );
  return [...edges.map((edge) => [edge]), ...forks];
}

/** Finding the way to the trust anchor (families of BetterTLS: pathbuilding; of x509-limbo: pathlen, pathological). */
export function pathCases(): ChainCase[] {
  return [
    ...Object.entries(GRAPHS).flatMap(([graphName, graph]) => [
      fromGraph(graphName, graph, [], {}),
      ...broken(graph).flatMap((edges) =>
        Object.entries(REASONS)
          // The large graph once for each edge: what is wrong with it makes no other way.
          .filter((_, index) => graphName !== 'bridge' || index === (edges[0] ?? 0) % 6)
          .map(([reason, changes]) => {
            const shown = edges.map((edge) => graph[edge]?.join('→')).join(' and ');
            return fromGraph(`${graphName}, ${shown} ${reason}`, graph, edges, changes);
          }),
      ),
    ]),
    ...lengthCases(),
    ...orderCases(),
    ...crossSignedCases(),
    ...oddCases(),
  ];
}

/** Limits of the path (RFC 5280 §4.2.1.9), the root's first. */
function lengthCases(): ChainCase[] {
  const limit = (pathLength: number | undefined): Changes =>
    pathLength === undefined ? {} : { with: { constraints: rawExtensions.caConstraints(true, pathLength) } };
  const rows: [root: number | undefined, cas: (number | undefined)[]][] = [
    [0, []],
    [0, [undefined]],
    [0, [0]],
    [1, [undefined]],
    [1, [0]],
    [1, [undefined, undefined]],
    [2, [undefined, undefined]],
    [undefined, [0, undefined]],
    [undefined, [1, 0]],
    [undefined, [0, 5]],
    [5, [1, 3, 0]],
    [undefined, [undefined, undefined, undefined, undefined]],
  ];
  const plain = rows.map(([rootLimit, limits]) => {
    const root = rootCa('Root', limit(rootLimit));
    const chain = [root];
    limits.forEach((own, index) => chain.unshift(subCa(chain[0] as Issued, `CA ${index}`, limit(own))));
    const shown = [rootLimit, ...limits].map((own) => own ?? 'none').join(', ');
    return chainCase(`path lengths ${shown}`, [server(chain[0] as Issued), ...chain]);
  });
  // A self-issued CA does not count.
  const root = rootCa('Root', limit(0));
  const again = subCa(root, 'Root');
  const below = subCa(again, 'CA');
  return [
    ...plain,
    chainCase('path length 0 and a self-issued CA', [server(again), again, root]),
    chainCase('path length 0, a self-issued CA and another one', [server(below), below, again, root]),
  ];
}

/** What servers send beside and out of order. */
function orderCases(): ChainCase[] {
  const root = rootCa();
  const upper = subCa(root, 'Upper');
  const lower = subCa(upper, 'Lower');
  const leaf = server(lower);
  const anchors = [root.der];
  const stranger = rootCa('Stranger');
  const row = (name: string, sent: readonly Issued[], trusted: readonly Buffer[] = anchors): ChainCase => ({
    name,
    leaf,
    sent: sent.map((certificate) => certificate.der),
    anchors: trusted,
    peer: PEER,
  });
  return [
    row('in order', [lower, upper]),
    row('in the wrong order', [upper, lower]),
    row('with the root', [lower, upper, root]),
    row('the root first', [root, upper, lower]),
    row('with a stranger between', [lower, stranger, upper]),
    row('the leaf twice', [leaf, lower, upper]),
    row('an intermediate twice', [lower, lower, upper]),
    row('the lower one missing', [upper]),
    row('the upper one missing', [lower]),
    row('all missing', []),
    row('a stranger trusted', [lower, upper], [stranger.der]),
    row('a stranger trusted, the root sent', [lower, upper, root], [stranger.der]),
    row('the upper one trusted', [lower, upper], [upper.der]),
    row('the lower one trusted', [lower], [lower.der]),
    row('the leaf trusted', [], [leaf.der]),
    row('the root and a stranger trusted', [lower, upper], [stranger.der, root.der]),
    row('the lower one and the root trusted', [lower, upper], [lower.der, root.der]),
  ];
}

/** A CA certified by two roots, one of them over or unknown: how public roots have been replaced. */
function crossSignedCases(): ChainCase[] {
  const key = newKey();
  const own = rootCa('New', { key });
  const ownOver = rootCa('New', { key, ...EXPIRED });
  const old = rootCa('Old');
  const over = rootCa('Old', { key: old.key, ...EXPIRED });
  const cross = subCa(old, 'New', { key });
  const crossOver = subCa(old, 'New', { key, ...EXPIRED });
  const ca = subCa(own, 'CA');
  const leaf = server(ca);
  const renewed = subCa(own, 'CA', { key: ca.key });
  const caOver = subCa(own, 'CA', { key: ca.key, ...EXPIRED });
  const row = (name: string, sent: readonly Issued[], anchors: readonly Issued[]): ChainCase => ({
    name,
    leaf,
    sent: sent.map((certificate) => certificate.der),
    anchors: anchors.map((certificate) => certificate.der),
    peer: PEER,
  });
  return [
    row('cross-signed, the new root trusted', [ca, cross], [own]),
    row('cross-signed, the old root trusted', [ca, cross], [old]),
    row('cross-signed, both trusted', [ca, cross], [old, own]),
    row('cross-signed, the old root over, both trusted', [ca, cross], [over, own]),
    row('cross-signed, the old root over and alone trusted', [ca, cross], [over]),
    row('the cross certificate over, both trusted', [ca, crossOver], [old, own]),
    row('the cross certificate over, the old root trusted', [ca, crossOver], [old]),
    row('the new root over, cross-signed, both trusted', [ca, cross], [ownOver, old]),
    row('the cross certificate over and current, the old root trusted', [ca, crossOver, cross], [old]),
    row('an intermediate over and renewed', [caOver, renewed], [own]),
    row('an intermediate renewed and over', [renewed, caOver], [own]),
    row('two of the same root, one over', [ca], [ownOver, own]),
  ];
}

/** Loops and crowds (family of x509-limbo: pathological). */
function oddCases(): ChainCase[] {
  const one = rootCa('One');
  const other = rootCa('Other');
  const oneByOther = subCa(other, 'One', { key: one.key });
  const otherByOne = subCa(one, 'Other', { key: other.key });
  const own = rootCa('server');
  const root = rootCa();
  const crowd = Array.from({ length: 12 }, () => subCa(root, 'CA'));
  const last = crowd.at(-1) as Issued;
  return [
    {
      name: 'two CAs that certify each other',
      leaf: server(one),
      sent: [oneByOther.der, otherByOne.der],
      anchors: [root.der],
      peer: PEER,
    },
    {
      name: 'two CAs that certify each other, one trusted',
      leaf: server(one),
      sent: [oneByOther.der, otherByOne.der],
      anchors: [other.der],
      peer: PEER,
    },
    {
      name: 'twelve CAs of one name',
      leaf: server(last),
      sent: crowd.map((certificate) => certificate.der),
      anchors: [root.der],
      peer: PEER,
    },
    {
      name: 'twelve CAs of one name and none is trusted',
      leaf: server(last),
      sent: crowd.map((certificate) => certificate.der),
      anchors: [one.der],
      peer: PEER,
    },
    { name: 'self-signed', leaf: server(own, { key: own.key }), sent: [], anchors: [root.der], peer: PEER },
  ];
}
