// The smallest page of the channels dialect, in a browser: what was said before, a message, what is refused.
import { example, shows, tell } from './page.mjs';

await tell(example('channels'), async (open) => {
  const page = await open();
  await page.fill('[name=token]', 'forged');
  await page.click('text=Enter');
  await shows(page, 'Unauthorized - Invalid token');
  await page.fill('[name=token]', process.env.CHAT_TOKEN);
  await page.click('text=Enter');
  await shows(page, 'ann: before');
  await shows(page, 'ann: from the script');
  await page.fill('[name=content]', 'from the page');
  await page.press('[name=content]', 'Enter');
  await shows(page, 'ben: from the page');
  await page.fill('[name=content]', 'what a fucking mess');
  await page.press('[name=content]', 'Enter');
  await shows(page, 'Message contains inappropriate content.');
});
