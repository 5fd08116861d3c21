import { describe, expect, it } from 'vitest';
import { Refusal } from '../api/refusal';
import { signInFaults, signUpFaults, takenFaults } from './checks';

describe('signing up', () => {
  const well = { username: 'ann', email: 'ann@example.com', password: 'secret' };

  it('is asked for what the server takes', () => {
    expect(signUpFaults(well)).toEqual({});
    expect(signUpFaults({ username: 'آن', email: ' a@b.c ', password: '🌳🌳🌳🌳🌳🌳' })).toEqual({});
  });

  it('names each field that is wrong', () => {
    expect(signUpFaults({})).toEqual({ username: 'entry.username.missing', email: 'entry.email.missing', password: 'entry.password.short' });
    expect(signUpFaults({ ...well, username: '  ' })).toEqual({ username: 'entry.username.missing' });
    expect(signUpFaults({ ...well, username: 'ann@home' })).toEqual({ username: 'entry.username.at' });
    expect(signUpFaults({ ...well, username: 'a'.repeat(51) })).toEqual({ username: 'entry.username.long' });
    for (const email of ['ann', 'ann@', '@example.com', 'ann@example', 'ann@a@b.c', 'an n@example.com']) {
      expect(signUpFaults({ ...well, email })).toEqual({ email: 'entry.email.shape' });
    }
    expect(signUpFaults({ ...well, password: '🌳🌳🌳🌳🌳' })).toEqual({ password: 'entry.password.short' });
  });

  it('hears beside the field that it is taken', () => {
    expect(takenFaults(new Refusal('User already exists', 'email_taken', 409))).toEqual({ email: 'entry.email.taken' });
    expect(takenFaults(new Refusal('No', 'failed', 500))).toBeUndefined();
  });
});

describe('signing in', () => {
  it('needs both', () => {
    expect(signInFaults({ identifier: ' ', password: '' })).toEqual({ identifier: 'entry.identifier.missing', password: 'entry.password.missing' });
    expect(signInFaults({ identifier: 'ann', password: ' ' })).toEqual({});
  });
});
