import type { CodedError, ErrorCode } from '../model/errors';
import type { Handler, Request, Response } from './admin-guard';
import { asCodedError } from './failure';

/** A file to download. */
export interface Download {
  name: string;
  type: string;
  content: Buffer | string;
}

/** Codes whose status is not that of their family. */
const STATUS_OF_CODE: Partial<Record<ErrorCode, number>> = {
  INPUT_CONFIG: 404,
  INPUT_UNFORESEEN: 500,
  CERT_NOT_FOUND: 404,
  CA_LOCKED: 423,
  NET_PROBE_BUSY: 429,
};
/** First matching family; what the request cannot help is a conflict with the state of the CA or a fault of the disk. */
const STATUS_OF_FAMILY: [prefix: string, status: number][] = [
  ['INPUT_', 400],
  ['STORE_', 500],
  ['', 409],
];

/** A route that answers JSON. Nothing is cached: the next user of the browser must not find it. */
export function jsonAnswer(answer: (req: Request, res: Response) => Promise<object>): Handler {
  return (req, res) => {
    settle(res, answer(req, res), (body) => res.json(body));
  };
}

/** A route that answers a file. */
export function downloadAnswer(answer: (req: Request) => Promise<Download>): Handler {
  return (req, res) => {
    settle(res, answer(req), ({ name, type, content }) => {
      res.attachment(name);
      res.set('Content-Type', type);
      res.send(content);
    });
  };
}

function settle<Answer>(res: Response, answer: Promise<Answer>, send: (answer: Answer) => void): void {
  res.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  answer.then(send).catch((thrown: unknown) => {
    const error = asCodedError(thrown);
    res.status(statusOf(error)).json({
      code: error.code,
      message: error.message,
      hint: error.hint,
      cause: error.cause,
    });
  });
}

function statusOf({ code }: CodedError): number {
  return STATUS_OF_CODE[code] ?? STATUS_OF_FAMILY.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 500;
}
