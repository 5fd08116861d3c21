// The smallest page of the pub/sub dialect, in a browser: who is here, what was said, what is said.
import { example, shows, tell } from './page.mjs';

await tell(example('pubsub'), async (open) => {
  const page = await open();
  await page.click('text=Join');
  await shows(page, 'ann: from the script');
  await shows(page, 'ann (online)');
  await page.fill('[name=content]', 'from the page');
  await page.press('[name=content]', 'Enter');
  await shows(page, ': from the page');
});
