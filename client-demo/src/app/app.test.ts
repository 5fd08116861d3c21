import { describe, expect, it } from 'vitest';
import { refusalOf } from '../api/refusal';
import { hashOf, parse, type Route } from './routes';

describe('a route', () => {
  it('comes back from its address', () => {
    const routes: Route[] = [
      { page: 'home' }, { page: 'room', room: 'a b/ü#?' }, { page: 'browse' }, { page: 'invitations' },
      { page: 'settings', part: 'security' }, { page: 'statistics', room: 'garden' }, { page: 'operator', part: 'audit' },
    ];
    for (const route of routes) expect(parse(hashOf(route))).toEqual(route);
    for (const odd of ['', '#', '#/rooms', '#/rooms/', '#/nowhere', '#/rooms/.', '#/rooms/%2E%2E', '#/%E0%A4%A']) expect(parse(odd)).toEqual({ page: 'home' });
  });
});

describe('a refusal', () => {
  it('is read in every shape that the server has', () => {
    expect(refusalOf(429, { error: { code: 'slow_down', message: 'Slower', retryIn: 5 } })).toMatchObject({ message: 'Slower', code: 'slow_down', retryIn: 5 });
    expect(refusalOf(400, { message: 'Please', errors: { email: 'No' } })).toMatchObject({ message: 'Please', fields: { email: 'No' } });
    expect(refusalOf(500, { error: 'Failed' })).toMatchObject({ message: 'Failed', code: 'failed', status: 500 });
    expect(refusalOf(502, {})).toMatchObject({ message: 'HTTP 502' });
  });
});
