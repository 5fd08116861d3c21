import type { RoomRecord } from '../api/shapes';

/** What stands in an address: a public room's slug never changes. */
export const referenceOf = ({ kind, slug, id }: Pick<RoomRecord, 'kind' | 'slug' | 'id'>) =>
  kind === 'main' || kind === 'public' ? slug : id;
