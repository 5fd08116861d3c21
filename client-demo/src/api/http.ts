import { Refusal, refusalOf } from './refusal';

type Query = Record<string, string | number | undefined | null>;

export interface Asked {
  query?: Query;
  /** Sent as JSON, or as it is when it is a file or a form. */
  body?: unknown;
  token?: string;
  /** A repeat under the same key makes nothing a second time. */
  key?: string;
  signal?: AbortSignal;
}

export const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

export function pathOf(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

export async function ask<Answer>(method: string, path: string, asked: Asked = {}): Promise<Answer> {
  const { body, token, key, signal } = asked;
  const isRaw = body instanceof Blob || body instanceof FormData;
  const headers: Record<string, string> = {};
  if (body !== undefined && !isRaw) headers['Content-Type'] = 'application/json';
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers['Idempotency-Key'] = key;
  const request: RequestInit = { method, headers, signal: signal ?? null };
  if (body !== undefined) request.body = isRaw ? body : JSON.stringify(body);
  const answer = await fetch(pathOf(path, asked.query), request).catch((error) => {
    if (signal?.aborted) throw error;
    throw new Refusal('The server cannot be reached', 'unreachable');
  });
  const text = await answer.text();
  let data: unknown = {};
  try {
    if (text) data = JSON.parse(text);
  } catch {
    if (answer.ok) throw new Refusal('The answer cannot be read', 'failed', answer.status);
  }
  if (!answer.ok) throw refusalOf(answer.status, data as object);
  return data as Answer;
}
