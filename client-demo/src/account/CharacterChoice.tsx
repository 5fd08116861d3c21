import { useQuery } from '@tanstack/react-query';
import { Drama, UserRound } from 'lucide-react';
import { useState } from 'react';
import { all } from '../api/queries';
import type { Character } from '../api/shapes';
import { useMe } from '../app/me';
import { go } from '../app/routes';
import { Avatar } from '../look/Avatar';
import { IconButton } from '../look/Button';
import { Item, Line, Menu } from '../look/Menu';
import { t } from '../texts';

export const characters = { queryKey: ['characters'], queryFn: () => all<Character>('/api/me/characters') };

type Chosen = { id: number; name: string } | undefined;

/** As whom one speaks in this room, kept while the page is open. */
const chosen = new Map<string, number>();

export function useChosenCharacter(roomId: string) {
  const { isGuest } = useMe();
  const { data = [] } = useQuery({ ...characters, enabled: !isGuest });
  const [id, setId] = useState(() => chosen.get(roomId));
  const character: Chosen = data.find((one) => one.id === id);
  const choose = (wanted: number | undefined) => {
    if (wanted === undefined) chosen.delete(roomId);
    else chosen.set(roomId, wanted);
    setId(wanted);
  };
  return { character, choose };
}

export function CharacterChoice({ character, onChoose }: { character: Chosen; onChoose: (id: number | undefined) => void }) {
  const me = useMe();
  const { data = [] } = useQuery(characters);
  if (data.length === 0) return null;
  return (
    <Menu
      side="top"
      align="start"
      trigger={
        <IconButton label={character ? t('composer.as', { name: character.name }) : t('characters.speak')} side="top" className="size-9!">
          {character ? <Avatar id={`${me.id}:${character.id}`} name={character.name} size="sm" isSquare /> : <Drama size={18} />}
        </IconButton>
      }
    >
      <Item icon={<UserRound size={15} />} isChecked={!character} onSelect={() => onChoose(undefined)}>{me.name}</Item>
      {data.map(({ id, name }) => (
        <Item key={id} icon={<Avatar id={`${me.id}:${id}`} name={name} size="xs" isSquare />} isChecked={character?.id === id} onSelect={() => onChoose(id)}>
          <bdi>{name}</bdi>
        </Item>
      ))}
      <Line />
      <Item onSelect={() => go({ page: 'settings', part: 'characters' })}>{t('characters.manage')}</Item>
    </Menu>
  );
}
