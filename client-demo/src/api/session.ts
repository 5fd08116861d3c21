import { ask } from './http';
import { asRefusal, Refusal } from './refusal';
import type { Person } from './shapes';

/** Whether somebody was signed in here: a first visit asks for no refresh that must fail. Never a token. */
const HINT = 'chat:signed-in';
/** Signed out while the server could not be reached: it is told as soon as it can. */
const DUE = 'chat:sign-out-due';
const AGAIN = 15_000;
/** A guest has no refresh cookie: what they were given is kept for this tab, and nothing else could be done with it. */
const GUEST = 'chat:guest';
/** A token that ends within this is renewed first. */
const EARLY = 30_000;

export type SessionState =
  | { state: 'unknown' }
  | { state: 'out'; reason?: Refusal | undefined }
  | { state: 'in'; userId: string; isGuest: boolean };

interface Token {
  accessToken: string;
  endsAt: number;
  userId: string;
  isGuest: boolean;
}

interface Granted {
  accessToken: string;
  expiresIn: number;
}

interface Guest {
  token: Token;
  name: string;
}

interface Told {
  token?: Token;
  isOut?: boolean;
}

const claimsOf = (accessToken: string): { userId?: string; guestId?: string } =>
  JSON.parse(atob(accessToken.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')));

export function tokenOf({ accessToken, expiresIn }: Granted, now = Date.now()): Token {
  const { userId, guestId } = claimsOf(accessToken);
  return { accessToken, endsAt: now + expiresIn * 1000, userId: userId ?? guestId ?? '', isGuest: !userId };
}

function keptGuest(now = Date.now()): Guest | undefined {
  const guest: Guest | null = JSON.parse(sessionStorage.getItem(GUEST) ?? 'null');
  return guest && guest.token.endsAt > now ? guest : undefined;
}

/** Who is signed in. An account's access token lives in memory alone; the refresh cookie is the server's affair. */
class Session {
  #state: SessionState = { state: 'unknown' };
  #token: Token | undefined;
  #renewal: Promise<Token | undefined> | undefined;
  #listeners = new Set<() => void>();
  #tabs = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('chat:session');

  constructor() {
    this.#tabs?.addEventListener('message', ({ data }: MessageEvent<Told>) => this.#hear(data));
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  read = () => this.#state;

  async begin() {
    if (localStorage.getItem(DUE)) await this.#signOutAtLast();
    const guest = keptGuest();
    if (guest) {
      this.guestName = guest.name;
      return this.#take(guest.token);
    }
    if (!localStorage.getItem(HINT)) return this.#settle({ state: 'out' });
    await this.#renew().catch(() => setTimeout(() => this.begin(), 3_000));
  }

  /** A token that is good for a while, renewed if need be. */
  token = async (): Promise<string | undefined> => {
    if (this.#token && this.#token.endsAt - Date.now() > EARLY) return this.#token.accessToken;
    if (this.#token?.isGuest) return this.#guestToken(this.#token);
    if (this.#state.state === 'out') return undefined;
    return (await this.#renew())?.accessToken;
  };

  #guestToken({ accessToken, endsAt }: Token): string | undefined {
    if (endsAt > Date.now()) return accessToken;
    this.end(new Refusal('A guest stays for a while only', 'session_over'));
    return undefined;
  }

  /** The token that was given is good no more, whatever its end says. */
  doubt(accessToken?: string) {
    if (this.#token && this.#token.accessToken === accessToken) this.#token.endsAt = 0;
  }

  async signIn(identifier: string, password: string) {
    this.#take(tokenOf(await ask<Granted>('POST', '/api/auth/login', { body: { identifier, password } })));
  }
  async signUp(account: { username: string; email: string; password: string }) {
    this.#take(tokenOf(await ask<Granted>('POST', '/api/auth/register', { body: account })));
  }
  /** As the server wrote it: another may have had the name. */
  guestName = '';
  async comeAsGuest(name: string) {
    const granted = await ask<Granted & { user: Person }>('POST', '/api/auth/guest', { body: { name } });
    this.guestName = granted.user.name;
    const token = tokenOf(granted);
    sessionStorage.setItem(GUEST, JSON.stringify({ token, name: this.guestName } satisfies Guest));
    this.#take(token);
  }
  async signOut() {
    const token = this.#token;
    if (token && !token.isGuest) {
      localStorage.setItem(DUE, 'yes');
      this.#tabs?.postMessage({ isOut: true } satisfies Told);
    }
    this.end();
    await this.#signOutAtLast(token?.accessToken);
  }
  /** Later, the refresh cookie alone says whose session it is. */
  async #signOutAtLast(token?: string) {
    if (!localStorage.getItem(DUE)) return;
    const isDone = await ask('POST', '/api/auth/logout', { body: {}, ...(token && { token }) }).then(() => true, () => false);
    if (isDone) localStorage.removeItem(DUE);
    else setTimeout(() => this.#signOutAtLast(token), AGAIN);
  }
  /** Whether it ended because somebody wanted it to. */
  wasLeft = () => this.#state.state === 'out' && !this.#state.reason;
  end(reason?: Refusal) {
    // A guest's tab knows nothing of the account that another one is signed in with.
    if (!this.#token?.isGuest) localStorage.removeItem(HINT);
    this.#token = undefined;
    sessionStorage.removeItem(GUEST);
    this.#settle({ state: 'out', reason });
  }

  #hear({ token, isOut }: Told) {
    if (isOut && this.#state.state === 'in' && !this.#state.isGuest) this.end();
    const isWanted = this.#state.state !== 'in' || this.#state.userId === token?.userId;
    if (token && isWanted && token.endsAt > (this.#token?.endsAt ?? 0)) this.#take(token, false);
  }

  #take(token: Token, isNews = true) {
    this.#token = token;
    if (!token.isGuest) localStorage.setItem(HINT, 'yes');
    if (!token.isGuest) localStorage.removeItem(DUE);
    if (isNews && !token.isGuest) this.#tabs?.postMessage({ token } satisfies Told);
    const { state } = this.#state;
    if (state === 'in' && this.#state.userId === token.userId) return;
    this.#settle({ state: 'in', userId: token.userId, isGuest: token.isGuest });
  }

  /** One at a time, over all tabs: a refresh token is good once. */
  #renew(): Promise<Token | undefined> {
    const locked = <T>(work: () => Promise<T>): Promise<T> =>
      navigator.locks ? (navigator.locks.request('chat:refresh', work) as Promise<T>) : work();
    this.#renewal ??= locked(() => this.#refresh()).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #refresh(): Promise<Token | undefined> {
    // Another tab may have done it while this one waited.
    if (this.#token && this.#token.endsAt - Date.now() > EARLY) return this.#token;
    try {
      this.#take(tokenOf(await ask<Granted>('POST', '/api/auth/refresh', { body: {} })));
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.status !== 401 && refusal.status !== 403) throw refusal;
      const wasIn = this.#state.state === 'in';
      this.end(refusal.code === 'no_token' && !wasIn ? undefined : new Refusal(refusal.message, 'session_over', refusal.status));
    }
    return this.#token;
  }

  #settle(state: SessionState) {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

export const session = new Session();

/** REST as who is signed in; a token that the server takes no more is renewed once. */
export async function call<Answer>(method: string, path: string, asked: Parameters<typeof ask>[2] = {}): Promise<Answer> {
  const token = await session.token();
  try {
    return await ask<Answer>(method, path, { ...asked, token });
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 401 || session.read().state !== 'in') throw error;
    session.doubt(token);
    const next = await session.token();
    if (!next || next === token) throw error;
    return ask<Answer>(method, path, { ...asked, token: next });
  }
}
