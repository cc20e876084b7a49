import type { NodeAPI } from 'node-red';

/** The types of the admin application (express), which is reached through Node-RED only. */
export type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
export type Request = Parameters<Handler>[0];
export type Response = Parameters<Handler>[1];

/** Names end in `.read` and `.write`, else only full admins would match (Node-RED, permissions.js). */
const PERMISSIONS = { read: 'secure-mqtt.read', write: 'secure-mqtt.write' } as const;
export type Access = keyof typeof PERMISSIONS;

/**
 * No page can set it for a foreign origin without the browser asking first (CORS preflight). Node-RED 4.1 says yes to
 * whoever asks, 5 does not: so this alone keeps nobody out.
 */
const WRITE_HEADER = 'x-secure-mqtt';
/** Larger bodies have no meaning here. */
const LARGEST_BODY = 64 * 1024;

/** A reason to refuse a request, before any node is asked. */
interface Refusal {
  status: 403 | 411 | 413 | 415;
  message: string;
  hint: string;
}

/** What stands before every route: who may use it, and from where. */
export function guard(RED: NodeAPI, access: Access): Handler[] {
  return [RED.auth.needsPermission(PERMISSIONS[access]), access === 'write' ? refuseUnsafeWrite : refuseCrossSite];
}

/** The same before a route that takes a file: bytes instead of JSON, bounded by the route itself. */
export function guardUpload(RED: NodeAPI): Handler[] {
  return [RED.auth.needsPermission(PERMISSIONS.write), refuseUnsafeUpload];
}

const refuseUnsafeUpload: Handler = (req, res, next) =>
  answerRefusal(crossSiteRefusal(req) ?? uploadRefusal(req), res, next);

function uploadRefusal(req: Request): Refusal | undefined {
  if (!req.is('application/octet-stream')) {
    const hint = 'Send Content-Type: application/octet-stream';
    return { status: 415, message: 'the request is no file', hint };
  }
  return headerRefusal(req);
}

const refuseCrossSite: Handler = (req, res, next) => answerRefusal(crossSiteRefusal(req), res, next);

const refuseUnsafeWrite: Handler = (req, res, next) =>
  answerRefusal(crossSiteRefusal(req) ?? writeRefusal(req), res, next);

function answerRefusal(refusal: Refusal | undefined, res: Response, next: () => void): void {
  if (!refusal) return next();
  const { status, ...reason } = refusal;
  res.status(status).json({ ...reason, cause: {} });
}

/**
 * Requests that another web site sends from the browser of an editor user.
 *
 * `Sec-Fetch-Site` cannot be set by a page and is believed first. Browsers send it over TLS and to localhost only; for
 * the others `Origin` must be the host that was asked (W3C Fetch Metadata §2.3; RFC 6454 §7), as the browser or a trusted
 * proxy names it.
 */
function crossSiteRefusal(req: Request): Refusal | undefined {
  const site = req.get('sec-fetch-site');
  const origin = req.get('origin');
  const foreign =
    site !== undefined
      ? site !== 'same-origin' && site !== 'none'
      : origin !== undefined && !hostsOf(req).some((host) => sameHost(origin, host));
  if (!foreign) return undefined;
  return {
    status: 403,
    message: `the request comes from another site (${site ?? origin})`,
    hint: 'Use the editor of this Node-RED; behind a proxy without HTTPS let the proxy pass the header Host on unchanged',
  };
}

/**
 * The host that was asked. What a proxy says of it a page can say as well, where Node-RED answers every preflight with
 * yes: a page of another host downloaded the backup of a CA in this way. So it counts where express is told to trust a
 * proxy, and for a person who has logged in: no browser adds that token by itself.
 */
function hostsOf(req: Request): (string | undefined)[] {
  const { user } = req as Request & { user?: { anonymous?: boolean } };
  const isPerson = user !== undefined && user.anonymous !== true;
  const believed = isPerson || Boolean(req.app.get('trust proxy'));
  return [req.get('host'), ...(believed ? [req.get('x-forwarded-host')] : [])];
}

function sameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

function writeRefusal(req: Request): Refusal | undefined {
  if (!req.is('application/json')) {
    return { status: 415, message: 'the request is not JSON', hint: 'Send Content-Type: application/json' };
  }
  // Node-RED has read the body by now, up to 5 MB; in chunks it would come past the bound below (RFC 9110 §15.5.12).
  const length = req.get('content-length');
  if (length === undefined) {
    return { status: 411, message: 'the request does not say how long it is', hint: 'Send Content-Length' };
  }
  if (Number(length) > LARGEST_BODY) {
    return { status: 413, message: `the request is larger than ${LARGEST_BODY} bytes`, hint: 'Send less' };
  }
  return headerRefusal(req);
}

function headerRefusal(req: Request): Refusal | undefined {
  if (req.get(WRITE_HEADER) === '1') return undefined;
  return { status: 403, message: 'the request lacks the header X-Secure-MQTT', hint: 'Send X-Secure-MQTT: 1' };
}
