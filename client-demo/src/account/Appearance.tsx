import { Languages, Monitor, Moon, Sun } from 'lucide-react';
import { IconButton } from '../look/Button';
import { Heading, Item, Line, Menu } from '../look/Menu';
import { choose as chooseTheme, type Theme, useTheme } from '../look/theme';
import { choose as chooseLanguage, LANGUAGES, type Language, t, useLanguage } from '../texts';

const THEMES: [Theme, typeof Sun][] = [['system', Monitor], ['light', Sun], ['dark', Moon]];

/** The look and the language: the same words in every menu that has them. */
export function AppearanceItems() {
  const [theme, language] = [useTheme(), useLanguage()];
  return (
    <>
      <Heading>{t('appearance.theme')}</Heading>
      {THEMES.map(([one, Icon]) => (
        <Item key={one} icon={<Icon size={15} />} isChecked={theme === one} onSelect={() => chooseTheme(one)}>
          {t(`appearance.${one}`)}
        </Item>
      ))}
      <Line />
      <Heading>{t('appearance.language')}</Heading>
      {Object.entries(LANGUAGES).map(([one, name]) => (
        <Item key={one} icon={<Languages size={15} />} isChecked={language === one} onSelect={() => chooseLanguage(one as Language)}>
          <span lang={one}>{name}</span>
        </Item>
      ))}
    </>
  );
}

export function Appearance() {
  return (
    <Menu trigger={<IconButton label={t('appearance')}><Sun size={17} className="dark:hidden" /><Moon size={17} className="hidden dark:block" /></IconButton>}>
      <AppearanceItems />
    </Menu>
  );
}
