// Asks the server questions. A view that goes away aborts its questions.
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { ErrorShape } from '../shapes.js';
import { queryText } from './route.js';

export type Parameters = Readonly<Record<string, string | null | undefined>>;

/** A failed question; the message is for users. */
export class NoAnswer extends Error {}

/** The number of refreshes. A new one asks all questions again. */
export const Epoch = createContext(0);

/** The state of a question. */
export interface Answer<T> {
  readonly value: T | undefined;
  readonly problem: string | undefined;
  readonly isLoading: boolean;
}

/** Asks a question. @throws NoAnswer, AbortError */
export async function ask<T>(
  question: string,
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<T> {
  const response = await fetch(`/api/${question}?${queryText(parameters)}`, {
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new NoAnswer('The server has ended: run sstitch explore again.');
  });
  if (response.status === 401) {
    throw new NoAnswer('This address has no token: open the one that sstitch explore printed.');
  }
  const document: unknown = await response.json();
  if (response.ok) return document as T;
  throw new NoAnswer((document as ErrorShape).error.message);
}

/** Formats the address of a list's CSV file. */
export function csvAddress(list: string, parameters: Parameters): string {
  return `/csv/${list}?${queryText(parameters)}`;
}

/** Asks a question whenever it changes. */
export function useAnswer<T>(question: string, parameters: Parameters | undefined): Answer<T> {
  const epoch = useContext(Epoch);
  const text = parameters === undefined ? undefined : queryText(parameters);
  const [answer, setAnswer] = useState<Answer<T> & { readonly of?: string }>(LOADING);
  const of = `${question}?${text}`;
  useEffect(() => {
    if (parameters === undefined) return;
    const gone = new AbortController();
    setAnswer((before) => ({ ...before, isLoading: true }));
    ask<T>(question, parameters, gone.signal).then(
      (value) => setAnswer({ value, problem: undefined, isLoading: false, of }),
      (error: unknown) => {
        if (gone.signal.aborted) return;
        const problem = error instanceof NoAnswer ? error.message : String(error);
        setAnswer({ value: undefined, problem, isLoading: false, of });
      },
    );
    return () => gone.abort();
  }, [of, epoch]);
  // Do not show the answer to the previous question.
  return answer.of === of ? answer : LOADING;
}

const LOADING = { value: undefined, problem: undefined, isLoading: true };
