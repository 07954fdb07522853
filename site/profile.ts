/**
 * Whose copy of the course this is. A fork becomes its owner's portfolio by editing this one file.
 */
export const profile = {
  /** Where the repository is published, without a slash at the end. Empty: the site prints paths and links none. */
  repositoryUrl: '',
  /** The branch that links into the repository point to. */
  branch: 'main',
} as const;
