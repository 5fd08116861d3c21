import type { Refusal } from '../api/refusal';
import type { Key } from '../texts/en';

type Values = Record<string, string>;
/** Of each field what is wrong with it. */
export type Faults = Record<string, Key>;

/** Enough to catch a slip, as the server does it; only a letter to it proves an address. */
const EMAIL = /^[^\s@]+@[^\s@]*\.[^\s@]*$/;
const MOST_USERNAME = 50;
const LEAST_PASSWORD = 6;
const length = (text: string) => [...text].length;

const found = (faults: Record<string, Key | false | undefined>): Faults =>
  Object.fromEntries(Object.entries(faults).filter((one): one is [string, Key] => Boolean(one[1])));

const usernameFault = (username: string): Key | false => {
  if (!username) return 'entry.username.missing';
  if (username.includes('@')) return 'entry.username.at';
  return length(username) > MOST_USERNAME && 'entry.username.long';
};
const emailFault = (email: string): Key | false => (email ? !EMAIL.test(email) && 'entry.email.shape' : 'entry.email.missing');

export const signInFaults = ({ identifier = '', password = '' }: Values) =>
  found({ identifier: !identifier.trim() && 'entry.identifier.missing', password: !password && 'entry.password.missing' });

/** What the server would refuse, said before it is asked. */
export const signUpFaults = ({ username = '', email = '', password = '' }: Values) =>
  found({
    username: usernameFault(username.trim()),
    email: emailFault(email.trim()),
    password: length(password) < LEAST_PASSWORD && 'entry.password.short',
  });

const TAKEN: Record<string, Faults> = {
  username_taken: { username: 'entry.username.taken' },
  email_taken: { email: 'entry.email.taken' },
};
/** The server names no field for these. */
export const takenFaults = ({ code }: Refusal): Faults | undefined => TAKEN[code];
