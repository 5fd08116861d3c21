/** What the server, or the way to it, answered instead of what was asked for. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly status = 0,
    readonly fields: Record<string, string> = {},
    readonly retryIn?: number,
  ) {
    super(message);
  }

  /** What is left of it once that field is mended. */
  without(field: string): Refusal | undefined {
    const { [field]: _, ...fields } = this.fields;
    return Object.keys(fields).length > 0 ? new Refusal(this.message, this.code, this.status, fields, this.retryIn) : undefined;
  }
}

interface Body {
  message?: string;
  error?: string | { code?: string; message?: string; fields?: Record<string, string>; retryIn?: number };
  errors?: Record<string, string>;
}

/** Every shape that the server's refusals have: ours, and those of the Node app. */
export function refusalOf(status: number, body: Body): Refusal {
  const error = typeof body.error === 'object' ? body.error : undefined;
  const text = error?.message ?? body.message ?? (typeof body.error === 'string' ? body.error : undefined);
  const fields = error?.fields ?? body.errors ?? {};
  return new Refusal(text ?? `HTTP ${status}`, error?.code ?? 'failed', status, fields, error?.retryIn);
}

/** Also of what the chat client threw, which is an `Error` with a `code`. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { message, code, retryIn } = error as Error & { code?: string; retryIn?: number };
  return new Refusal(message ?? String(error), code ?? 'failed', 0, {}, retryIn);
}
