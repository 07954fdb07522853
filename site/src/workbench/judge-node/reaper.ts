/** What the harness's reaper is in a page: nothing, as workers end with the page. */
export function watchGroup(): void {}
export function releaseGroup(): void {}
