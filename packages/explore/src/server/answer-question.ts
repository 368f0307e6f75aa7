// Answers questions over HTTP, as JSON or CSV.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { cellOf } from '@sstitch/lines/csv-cells';
import { ExploreError, throwIfAborted } from '../errors.js';
import { describeStore, LISTS, QUESTIONS } from '../questions/all-questions.js';
import { type AnyList, QuestionParameters } from '../questions/question.js';
import type { ErrorShape } from '../shapes.js';
import type { CurrentView } from '../view/current-view.js';
import { currentGeneration, DirectorySource, type ViewSource } from '../view/view-source.js';

const DEFAULT_PAGE_ITEMS = 100;
const MAX_PAGE_ITEMS = 1000;
/** Items that a CSV file reads in one page. */
const CSV_PAGE_ITEMS = 500;
const CSV_END_OF_ROW = '\r\n';
/** CSV text to collect before a write. */
const CSV_CHUNK_CHARACTERS = 65_536;

/** The store that questions are about. */
export interface AnsweringStore {
  readonly current: CurrentView;
  /** The store's name on the page. @defaultValue its directory's name */
  readonly name: string | undefined;
}

/** Reports whether an address is that of a question. */
export function isQuestion({ pathname }: URL): boolean {
  return pathname.startsWith('/api/') || pathname.startsWith('/csv/');
}

/** A question over HTTP. */
export interface AskedQuestion {
  readonly url: URL;
  /** Only the headers of the answer are sent. */
  readonly isHead: boolean;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
}

/** Writes the answer to a question, or the reason why there is none. Never throws. */
export async function answerQuestion(
  store: AnsweringStore,
  asked: AskedQuestion,
  response: ServerResponse,
): Promise<void> {
  const { url, signal } = asked;
  try {
    const name = url.pathname.slice('/api/'.length);
    const parameters = new QuestionParameters(url.searchParams);
    if (url.pathname.startsWith('/csv/')) {
      await answerCsv(store, name, parameters, asked, response);
    } else {
      const document = await documentOf(store, name, parameters, signal);
      throwIfAborted(signal);
      sendJson(response, 200, document);
    }
  } catch (error) {
    if (response.headersSent || signal.aborted) {
      // The client has gone, or has received half a file, and a broken connection says that it is incomplete.
      response.destroy();
      return;
    }
    const { status, shape } = await failureOf(error, store.current.source);
    sendJson(response, status, shape);
  }
}

export function sendJson(response: ServerResponse, status: number, document: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(document));
}

async function documentOf(
  { current, name: storeName }: AnsweringStore,
  name: string,
  parameters: QuestionParameters,
  signal: AbortSignal,
): Promise<unknown> {
  if (name === 'store') {
    return describeStore(current, storeName, parameters.optional('refresh') !== undefined);
  }
  const ask = QUESTIONS.get(name);
  if (ask !== undefined) return current.use((view) => ask({ view, parameters, signal }));
  const limit = parameters.count('limit', DEFAULT_PAGE_ITEMS, MAX_PAGE_ITEMS);
  const askList = listNamed(name);
  return current.use(async (view) => {
    const list = await askList({ view, parameters, signal });
    return list.page(limit, parameters.optional('cursor'));
  });
}

async function answerCsv(
  { current }: AnsweringStore,
  name: string,
  parameters: QuestionParameters,
  { isHead, signal }: AskedQuestion,
  response: ServerResponse,
): Promise<void> {
  const askList = listNamed(name);
  await current.use(async (view) => {
    const list = await askList({ view, parameters, signal });
    const chunks = csvChunks(list);
    // A bad question fails here, before the first row is sent.
    const first = await chunks.next();
    throwIfAborted(signal);
    response.setHeader('content-type', 'text/csv; charset=utf-8');
    response.setHeader('content-disposition', `attachment; filename="${name}.csv"`);
    if (isHead) await chunks.return();
    else if (!first.done) await write(response, first.value, signal);
    for await (const chunk of chunks) await write(response, chunk, signal);
    response.end();
  });
}

async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  if (!response.write(text)) await once(response, 'drain', { signal });
}

async function* csvChunks(list: AnyList): AsyncGenerator<string, void, undefined> {
  let text = csvRow(list.columns);
  for await (const row of list.rows(CSV_PAGE_ITEMS)) {
    text += csvRow(row);
    if (text.length < CSV_CHUNK_CHARACTERS) continue;
    yield text;
    text = '';
  }
  yield text;
}

function csvRow(cells: readonly string[]): string {
  return cells.map(cellOf).join(',') + CSV_END_OF_ROW;
}

function listNamed(name: string) {
  const list = LISTS.get(name);
  if (list !== undefined) return list;
  throw new ExploreError('SSTITCH_NOT_FOUND', `there is no question ${JSON.stringify(name)}`);
}

const NOT_OPEN = 'LEVEL_DATABASE_NOT_OPEN';

const STATUS_BY_CODE: ReadonlyMap<string, number> = new Map([
  ['SSTITCH_QUESTION_INVALID', 400],
  ['SSTITCH_OPTION_INVALID', 400],
  ['SSTITCH_CURSOR_INVALID', 400],
  ['SSTITCH_SYNC_ID_INVALID', 400],
  ['SSTITCH_KEY_ELEMENT_INVALID', 400],
  ['SSTITCH_NOT_FOUND', 404],
  ['SSTITCH_SYNC_NOT_FOUND', 404],
  ['SSTITCH_ENTITLEMENT_NOT_FOUND', 404],
  // There was one: it was opened.
  ['SSTITCH_STORE_NOT_FOUND', 410],
  ['SSTITCH_GRAPH_TOO_LARGE', 422],
  ['SSTITCH_ABORTED', 503],
]);

interface Failure {
  readonly status: number;
  readonly shape: ErrorShape;
}

async function failureOf(error: unknown, source: ViewSource): Promise<Failure> {
  const failure = failureShape(error);
  if (failure.status !== 500 || !(source instanceof DirectorySource)) return failure;
  // A store that was removed takes the files of its views with it, and LevelDB fails on one of them.
  return currentGeneration(source.location).then(() => failure, failureShape);
}

function failureShape(error: unknown): Failure {
  // abstract-level wraps the engine's reason why a store cannot be opened.
  const { cause } = error as { readonly cause?: unknown };
  const reason = codeOf(error) === NOT_OPEN && cause !== undefined ? cause : error;
  const { message } = reason as { readonly message?: unknown };
  const code = codeOf(reason) ?? 'SSTITCH_INTERNAL';
  return {
    status: STATUS_BY_CODE.get(code) ?? 500,
    shape: { error: { code, message: String(message ?? reason) } },
  };
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
