import { errorText, sharedText } from './text';

/** Why an admin route refused, as it says in its JSON answer. */
export interface Refusal {
  /** One of our error codes; undefined when the answer was not one of ours (no permission, no connection). */
  code?: string;
  message: string;
  hint: string;
}

/** Raised by {@link askAdmin} and {@link downloadFromAdmin}; `refusal` is fit to be shown. */
export class AdminRefusal extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

/** Words for people: what the code means, the details, and the way out. */
export function refusalText({ code, message, hint }: Refusal): string {
  const short = code ? errorText(code) : undefined;
  return [short, message, hint].filter(Boolean).join(' – ');
}

interface Question {
  method?: 'GET' | 'POST';
  body?: unknown;
  /** Calls the question off; it is then refused like one that Node-RED did not answer. */
  signal?: AbortSignal;
}

/** Without this header a write is refused: a foreign page cannot set it without asking the browser first. */
const WRITE_HEADER = { 'X-Secure-MQTT': '1' };

/**
 * Ask one of our admin routes. Goes through jQuery, because the editor adds its access token there (only to relative
 * addresses).
 *
 * @param path relative to `secure-mqtt/`
 * @throws AdminRefusal
 */
export async function askAdmin<Answer>(path: string, question: Question = {}): Promise<Answer> {
  return (await request(new XMLHttpRequest(), path, question, 'json')) as Answer;
}

/**
 * Fetch a file from one of our admin routes and hand it to the browser's downloads. A plain link would not carry the
 * editor's access token.
 *
 * @throws AdminRefusal
 */
export async function downloadFromAdmin(path: string, question: Question = {}): Promise<void> {
  const xhr = new XMLHttpRequest();
  const blob = (await request(xhr, path, question, 'blob')) as Blob;
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = /filename="([^"]+)"/.exec(xhr.getResponseHeader('content-disposition') ?? '')?.[1] ?? 'download';
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * Send a file to one of our admin routes.
 *
 * @throws AdminRefusal
 */
export async function uploadToAdmin<Answer>(path: string, file: Blob): Promise<Answer> {
  return (await request(new XMLHttpRequest(), path, { method: 'POST', body: file }, 'json')) as Answer;
}

/** @param raw our own inside jQuery's: it alone still holds the body of a refused binary request */
async function request(
  raw: XMLHttpRequest,
  path: string,
  { method = 'GET', body, signal }: Question,
  kind: 'json' | 'blob',
): Promise<unknown> {
  signal?.addEventListener('abort', () => raw.abort(), { once: true });
  try {
    return await $.ajax({
      url: `secure-mqtt/${path}`,
      method,
      cache: false,
      xhr: () => raw,
      headers: method === 'GET' ? {} : WRITE_HEADER,
      ...(method === 'GET' ? {} : contentOf(body)),
      ...(kind === 'json' ? { dataType: 'json' } : { xhrFields: { responseType: 'blob' } }),
    });
  } catch {
    throw new AdminRefusal(await readRefusal(raw));
  }
}

function contentOf(body: unknown) {
  if (body instanceof Blob) return { contentType: 'application/octet-stream', data: body, processData: false };
  return { contentType: 'application/json', data: JSON.stringify(body ?? {}) };
}

async function readRefusal(xhr: XMLHttpRequest): Promise<Refusal> {
  const answer = await readAnswer(xhr);
  if (typeof answer.message === 'string')
    return { code: answer.code, message: answer.message, hint: answer.hint ?? '' };
  if (xhr.status === 401 || xhr.status === 403) return { message: sharedText('admin.forbidden'), hint: '' };
  if (xhr.status === 0) return { message: sharedText('admin.unreachable'), hint: '' };
  return { message: sharedText('admin.failed', { status: xhr.status }), hint: '' };
}

async function readAnswer(xhr: XMLHttpRequest): Promise<Partial<Refusal>> {
  try {
    const text = xhr.response instanceof Blob ? await xhr.response.text() : xhr.responseText;
    return JSON.parse(text) as Partial<Refusal>;
  } catch {
    return {};
  }
}
