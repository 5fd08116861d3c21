import { session } from '../api/session';

const SIGN_UP = '#/sign-up';

/** A guest who wants to stay: being a guest ends, and the entry opens where accounts are made. */
export function leaveForSignUp() {
  location.hash = SIGN_UP;
  session.end();
}

export const isSignUpWanted = () => location.hash === SIGN_UP;
