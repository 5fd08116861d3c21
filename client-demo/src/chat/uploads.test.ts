import { describe, expect, it, vi } from 'vitest';
import type { Pending } from './feed';
import { Observable } from './observable';
import { inOrder } from './uploads';

class Line extends Observable {
  status = 'online';
  settle(status: string) {
    this.status = status;
    this.changed();
  }
}
const line = () => new Line((work) => work());
const pending = (clientOffset: string): Pending => ({ clientOffset, text: '', at: 0, state: 'sending' });
const nobody = () => {};
const going = () => new AbortController().signal;
const cut = Object.assign(new Error('cut'), { code: 'unreachable' });

describe('files', () => {
  it('go one after another, whatever becomes of the one before', async () => {
    const began: string[] = [];
    let refuse: (error: Error) => void = nobody;
    const send = inOrder(({ clientOffset }) => {
      began.push(clientOffset);
      return clientOffset === 'a' ? new Promise((_, failed) => { refuse = failed; }) : Promise.resolve();
    }, line(), 0);
    const sent = ['a', 'b', 'c'].map((name) => send(pending(name), nobody, going()));
    await vi.waitFor(() => expect(began).toEqual(['a']));
    refuse(new Error('too large'));
    await expect(sent[0]).rejects.toThrow('too large');
    await Promise.all(sent.slice(1));
    expect(began).toEqual(['a', 'b', 'c']);
  });

  it('wait for the line that was cut with them, and say that they begin anew', async () => {
    const connection = line();
    const upload = vi.fn().mockRejectedValueOnce(cut).mockRejectedValueOnce(cut).mockResolvedValue('stored');
    const tell = vi.fn();
    connection.status = 'connecting';
    const sent = inOrder(upload, connection, 0)(pending('a'), tell, going());
    await vi.waitFor(() => expect(tell).toHaveBeenCalledWith(0));
    await new Promise((go) => setTimeout(go, 10));
    expect(upload).toHaveBeenCalledTimes(1);
    connection.settle('online');
    connection.status = 'offline';
    await vi.waitFor(() => expect(upload).toHaveBeenCalledTimes(2));
    await vi.waitFor(() => expect(tell).toHaveBeenCalledTimes(2));
    connection.settle('online');
    await expect(sent).resolves.toBe('stored');
    expect(upload.mock.calls.map(([one]) => one.clientOffset)).toEqual(['a', 'a', 'a']);
  });

  it('are refused where the line stands', async () => {
    const upload = vi.fn().mockRejectedValue(cut);
    await expect(inOrder(upload, line(), 0)(pending('a'), nobody, going())).rejects.toBe(cut);
    expect(upload).toHaveBeenCalledTimes(1);
  });

  it('wait for it also where it was mended before anybody looked, and as long as they are told to', async () => {
    const connection = line();
    const soon = Object.assign(new Error('slow mode'), { code: 'slow_mode', retryIn: 5 });
    const upload = vi.fn().mockImplementationOnce(async () => {
      connection.settle('connecting');
      connection.settle('online');
      throw cut;
    }).mockRejectedValueOnce(soon).mockResolvedValue('stored');
    await expect(inOrder(upload, connection, 0)(pending('a'), nobody, going())).resolves.toBe('stored');
    expect(upload).toHaveBeenCalledTimes(3);
    const late = Object.assign(new Error('slow mode'), { code: 'slow_mode', retryIn: 3_600_000 });
    await expect(inOrder(vi.fn().mockRejectedValue(late), line(), 0)(pending('b'), nobody, going())).rejects.toBe(late);
  });

  it('that are stopped while they wait are not begun', async () => {
    const [upload, stop] = [vi.fn().mockResolvedValue(undefined), new AbortController()];
    const send = inOrder(upload, line(), 0);
    const [first, second] = [send(pending('a'), nobody, going()), send(pending('b'), nobody, stop.signal)];
    stop.abort();
    await Promise.all([first, second]);
    expect(upload.mock.calls.map(([one]) => one.clientOffset)).toEqual(['a']);
  });
});
