// The smallest page of the lobby, in a browser: what was said before, who is here, a message, a new room.
import { example, shows, tell } from './page.mjs';

await tell(example('lobby'), async (open) => {
  const page = await open();
  await page.locator('option', { hasText: 'main-chat' }).waitFor({ state: 'attached' });
  await page.fill('[name=username]', 'Ben');
  await page.click('text=Enter');
  await shows(page, 'Zoe: hello from the smallest script');
  await shows(page, '2 here: Ben, Zoe');
  await page.fill('[name=content]', 'hello from the page');
  await shows(page, 'Ben typing');
  await page.press('[name=content]', 'Enter');
  await shows(page, 'Ben: hello from the page');
  await page.click('text=Leave');
  await page.fill('[name=name]', 'Garden');
  await page.click('text=Create');
  await shows(page, '1 here: Ben');
  await page.click('text=Leave');
  await page.fill('[name=name]', 'GARDEN');
  await page.click('text=Create');
  await shows(page, 'Room name already exists');
});
