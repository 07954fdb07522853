import type { BuiltLab } from '../../course-schema.ts';

export const chat: BuiltLab = {
  status: 'built',
  slug: 'chat',
  title: 'Chat server',
  competency: 'to be written',
  teaches: ['to be written'],
  kinds: ['program'],
  services: [],
  entry: { typescript: 'server.ts', python: 'server.py' },
  diagrams: ['chat-data-flow'],
  checkpoints: [],
};
