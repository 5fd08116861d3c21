import { describe, expect, it } from 'vitest';
import { detailText } from './details';

const said = (action: string, detail: Record<string, unknown>) => detailText({ action, detail });

describe('what was noted in the log', () => {
  it('is said in words', () => {
    expect(said('member-muted', { seconds: 600 })).toBe('for 10 minutes');
    expect(said('role-changed', { before: 'member', role: 'moderator' })).toBe('from Member to Moderator');
    expect(said('account-role-changed', { before: 'user', role: 'admin' })).toBe('from User to Administrator');
    expect(said('slow-mode-changed', { seconds: 0 })).toBe('before: Off');
    expect(said('slow-mode-changed', { seconds: 30 })).toBe('before: One message in 30 seconds');
    expect(said('room-edited', { name: 'Garden', description: '' })).toBe('before: Garden');
    expect(said('sessions-ended', { sessions: 1 })).toBe('1 session');
    expect(said('report-closed', { reportId: 'r', outcome: 'acted' })).toBe('Dealt with');
    expect(said('words-changed', { block: 0, allow: 2 })).toBe('before: 0 not wanted, 2 allowed');
  });

  it('is left out where there is none, or no words for it', () => {
    expect(said('member-muted', {})).toBe('');
    expect(said('something-new', { seconds: 600 })).toBe('');
  });
});
