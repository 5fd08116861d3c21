import type { Change, ChatError, Message } from 'chat-client';
import { Observable, type Schedule } from './observable';

/** A message as it is shown: a deleted one keeps its place while it is held. */
export type Held = Omit<Message, 'is_deleted'> & { is_deleted: boolean };

export interface Upload {
  file: File;
  /** 0 to 1. */
  progress: number;
  /** For an `<img>`, while it is on its way. */
  preview?: string | undefined;
}

/** What is not yet, or could not be, stored. */
export interface Pending {
  clientOffset: string;
  text: string;
  at: number;
  state: 'sending' | 'failed';
  error?: ChatError;
  character?: { id: number; name: string } | undefined;
  upload?: Upload;
}

/** What a feed needs of the connection. */
export interface Transport {
  send(pending: Pending, tell: (progress: number) => void, stopped: AbortSignal): Promise<Message | undefined>;
  edit(messageId: string, text: string): Promise<unknown>;
  remove(messageId: string, reason?: string): Promise<unknown>;
  older(before: number, limit: number): Promise<{ data: Message[]; next: number | null }>;
}

/** Indexes count from here, so that they stay what they are when older messages come above. */
export const FIRST = 1_000_000_000;
const MOST_HELD = 120_000;
const KEPT = 100_000;

/** The messages of one room, in order of `seq`, and behind them what is on its way. */
export class RoomFeed extends Observable {
  messages: Held[] = [];
  pending: Pending[] = [];
  /** The index of `messages[0]`. */
  firstIndex = FIRST;
  /** Another one when all was loaded anew. */
  generation = 0;
  /** Messages below this `seq` are not held; 0: all are. */
  from = 0;
  state: 'loading' | 'ready' | 'failed' = 'loading';
  error: ChatError | undefined;
  isLoadingOlder = false;
  olderError: ChatError | undefined;
  #seqOf = new Map<string, number>();
  #heardMeanwhile: Change[] | undefined;
  #underWay = new Map<string, AbortController>();

  constructor(
    readonly roomId: string,
    private readonly transport: Transport,
    schedule?: Schedule,
  ) {
    super(schedule);
  }

  get count() {
    return this.messages.length + this.pending.length;
  }
  at(index: number): Held | undefined {
    return this.messages[index - this.firstIndex];
  }
  pendingAt(index: number): Pending | undefined {
    return this.pending[index - this.firstIndex - this.messages.length];
  }
  /** Of the first message with this `seq` or a higher one. */
  indexOf(seq: number): number {
    return this.firstIndex + this.#place(seq);
  }

  load(messages: readonly Message[], from: number) {
    this.messages = [...messages];
    this.#seqOf = new Map(messages.map(({ id, seq }) => [id, seq]));
    Object.assign(this, { firstIndex: FIRST, from, state: 'ready', error: undefined, generation: this.generation + 1 });
    for (const { clientOffset } of messages) this.#drop(clientOffset);
    this.changed();
  }
  fail(error: ChatError) {
    Object.assign(this, { state: 'failed', error });
    this.changed();
  }
  unload() {
    Object.assign(this, { messages: [], from: 0, state: 'loading', error: undefined, generation: this.generation + 1 });
    this.#seqOf.clear();
    this.changed();
  }

  take(changes: readonly Change[]) {
    this.#heardMeanwhile?.push(...changes);
    for (const change of changes) this.#takeOne(change);
    if (this.messages.length > MOST_HELD && !this.isLoadingOlder) this.#forgetOldest();
    this.changed();
  }

  #takeOne(change: Change) {
    const seq = this.#seqOf.get(change.id) ?? (change.is_deleted ? undefined : change.seq);
    if (seq === undefined || seq < this.from) return;
    const place = this.#place(seq);
    const held = this.messages[place];
    if (held?.seq !== seq) {
      if (change.is_deleted) return;
      this.messages.splice(place, 0, change);
      this.#seqOf.set(change.id, seq);
      this.#drop(change.clientOffset);
    } else if (change.rev > held.rev) {
      this.messages[place] = change.is_deleted
        ? { ...held, rev: change.rev, is_deleted: true, message: '', attachment: undefined }
        : change;
    }
  }

  #place(seq: number): number {
    let [low, high] = [0, this.messages.length];
    if (high > 0 && this.messages[high - 1]!.seq < seq) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.messages[middle]!.seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #forgetOldest() {
    const gone = this.messages.splice(0, this.messages.length - KEPT);
    for (const { id } of gone) this.#seqOf.delete(id);
    this.firstIndex += gone.length;
    this.from = this.messages[0]!.seq;
  }

  /** Puts a page of older ones above. */
  async older(): Promise<void> {
    if (this.isLoadingOlder || this.state !== 'ready' || this.from === 0) return;
    const { generation } = this;
    Object.assign(this, { isLoadingOlder: true, olderError: undefined });
    this.#heardMeanwhile = [];
    this.changed();
    try {
      const limit = this.messages.length < 1000 ? 200 : 1000;
      const { data, next } = await this.transport.older(this.from, limit);
      if (generation === this.generation) this.#putAbove(data, next ?? 0);
    } catch (error) {
      this.olderError = error as ChatError;
    }
    this.isLoadingOlder = false;
    this.#heardMeanwhile = undefined;
    this.changed();
  }

  #putAbove(older: Message[], from: number) {
    const above = older.filter(({ id }) => !this.#seqOf.has(id));
    for (const { id, seq } of above) this.#seqOf.set(id, seq);
    this.messages = [...above, ...this.messages];
    this.firstIndex -= above.length;
    this.from = from;
    // The page may have been read before these came.
    for (const change of this.#heardMeanwhile ?? []) this.#takeOne(change);
  }

  /** Tries it at once, and over as many connections as it takes. */
  send(pending: Pending) {
    this.pending = [...this.pending, pending];
    this.tell();
    this.#deliver(pending);
  }
  /** What was on its way when the page went: it is stored once, however often it is tried. */
  restore(pending: readonly Pending[]) {
    this.pending = [...this.pending, ...pending];
    this.changed();
    for (const one of pending) if (one.state === 'sending') this.#deliver(one);
  }
  retry(clientOffset: string) {
    const pending = this.pending.find((one) => one.clientOffset === clientOffset);
    if (pending?.state !== 'failed') return;
    this.#deliver(this.#update(clientOffset, { state: 'sending', error: undefined }) ?? pending);
  }
  /** A file that is on its way stops there; a text may be stored all the same. */
  discard(clientOffset: string) {
    this.#underWay.get(clientOffset)?.abort();
    this.#drop(clientOffset);
    this.tell();
  }

  stopUploads() {
    for (const { clientOffset, upload } of this.pending) if (upload) this.#underWay.get(clientOffset)?.abort();
  }

  #deliver({ clientOffset, ...rest }: Pending) {
    const tell = (progress: number) => {
      const upload = this.pending.find((one) => one.clientOffset === clientOffset)?.upload;
      if (upload) this.#update(clientOffset, { upload: { ...upload, progress } });
    };
    const stop = new AbortController();
    this.#underWay.set(clientOffset, stop);
    const sent = this.transport.send({ clientOffset, ...rest }, tell, stop.signal).then(
      (message) => message && this.take([message]),
      (error: ChatError) => error.code !== 'closed' && this.#update(clientOffset, { state: 'failed', error }),
    );
    sent.finally(() => this.#underWay.delete(clientOffset));
  }

  #update(clientOffset: string, change: Partial<Pending>): Pending | undefined {
    let updated: Pending | undefined;
    this.pending = this.pending.map((one) => {
      if (one.clientOffset !== clientOffset) return one;
      updated = { ...one, ...change };
      return updated;
    });
    this.changed();
    return updated;
  }

  #drop(clientOffset: string | null) {
    if (!clientOffset || this.pending.length === 0) return;
    const [gone] = this.pending.filter((one) => one.clientOffset === clientOffset);
    if (gone?.upload?.preview) URL.revokeObjectURL(gone.upload.preview);
    if (gone) this.pending = this.pending.filter((one) => one !== gone);
  }

  edit = (messageId: string, text: string) => this.transport.edit(messageId, text);
  remove = (messageId: string, reason?: string) => this.transport.remove(messageId, reason);
}
