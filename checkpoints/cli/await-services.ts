import type { PlacedBuiltLab } from '../../labs/course-schema.ts';
import type { Output } from './command.ts';

/**
 * Finds or starts what the lab needs, and says on standard error what it waits for. What is not to be had is told when
 * the target is made ready, which asks again and gets the same answer.
 */
export async function awaitServices({ lab }: PlacedBuiltLab, err: Output): Promise<void> {
  if (lab.services.length === 0) return;
  // Loaded here: most commands need no service.
  const { ensureServices } = await import('../services/ensure-services.ts');
  const { createProgressLine } = await import('../services/progress-line.ts');
  const progress = createProgressLine({
    write: (text) => err.write(text),
    isTTY: err.isTerminal,
    columns: err.look.width,
  });
  try {
    await ensureServices(lab.services, { onProgress: progress.show });
  } finally {
    progress.end();
  }
}
