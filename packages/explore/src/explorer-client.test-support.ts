// Asks a served page as a program does, with the token in a header.
import { expect } from 'vitest';
import type { Explorer } from './explore.js';

/** A client of an explorer. */
export class ExplorerClient {
  readonly origin: string;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ url }: Explorer) {
    this.origin = new URL(url).origin;
    this.token = new URL(url).searchParams.get('token') ?? '';
    this.headers = { authorization: `Bearer ${this.token}` };
  }

  request(question: string, parameters: Readonly<Record<string, string>> = {}): Promise<Response> {
    const query = new URLSearchParams(parameters).toString();
    return fetch(`${this.origin}/${question}?${query}`, { headers: this.headers });
  }

  /** The answer, which must be one. */
  async ask<T>(question: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const response = await this.request(question, parameters);
    const document = (await response.json()) as T;
    expect({ status: response.status, document }).toMatchObject({ status: 200 });
    return document;
  }
}
