declare module 'virtual:workbench-labs' {
  /** Imports the checkpoints of a lab that runs in the page, by its slug. */
  export const labs: Readonly<Record<string, () => Promise<unknown>>>;
}
