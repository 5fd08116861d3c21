import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { call } from '../api/session';
import { Button } from '../look/Button';
import { Area } from '../look/Field';
import { Part } from '../look/Page';
import { Bones, Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';

interface Words {
  block: string[];
  allow: string[];
  version: number;
}

const linesOf = (text: FormDataEntryValue | null) => String(text ?? '').split('\n').map((line) => line.trim()).filter(Boolean);

/** The list of words, one a line. */
export function Words() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({ queryKey: ['words'], queryFn: () => call<Words>('GET', '/api/moderation/words') });
  const { run, isBusy, refusal, isDone, reset } = useAction();
  const [edition, setEdition] = useState(0);
  if (!data) return error ? <Trouble error={error} onRetry={refetch} /> : <Bones />;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    run(async () => {
      const body = { block: linesOf(form.get('block')), allow: linesOf(form.get('allow')) };
      queries.setQueryData(['words'], await call<Words>('PUT', '/api/moderation/words', { body }));
      setEdition((so) => so + 1);
    });
  };
  const fields = refusal?.fields ?? {};
  return (
    <Part title={t('words')} about={t('words.about')}>
      <form key={edition} onSubmit={submit} onChange={reset} className="flex flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Area label={t('words.block')} hint={t('words.line')} name="block" rows={12} defaultValue={data.block.join('\n')} error={fields.block} />
          <Area label={t('words.allow')} hint={t('words.allow.hint')} name="allow" rows={12} defaultValue={data.allow.join('\n')} error={fields.allow} />
        </div>
        {Object.keys(fields).length === 0 && <Trouble error={refusal} />}
        <div className="flex items-center gap-3">
          <Button kind="primary" type="submit" isBusy={isBusy}>{t('save')}</Button>
          {isDone && <span role="status" className="text-sm text-good">{t('saved')}</span>}
        </div>
      </form>
    </Part>
  );
}
