/** Absolute path of the repository with a slash at the end, put in by astro.config.ts. */
declare const __REPOSITORY__: string;
