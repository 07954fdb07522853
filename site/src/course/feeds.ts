/** The feeds of the site. They exist in builds that know the site's address, as a feed's links are whole addresses. */
export const FEEDS = [
  { name: 'write-ups', path: '/write-ups.xml', title: 'Write-ups' },
  { name: 'log', path: '/log.xml', title: 'Learning log' },
] as const;
