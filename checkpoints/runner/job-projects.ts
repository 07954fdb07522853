import { join } from 'node:path';
import type { ProvidedContext } from 'vitest';
import type { TestProjectInlineConfiguration } from 'vitest/config';
import type { TestSpecification, Vitest } from 'vitest/node';
import { JobFiles } from './job-files.ts';
import type { Job } from './run-checkpoints.ts';
import { testFile } from './test-file.ts';

/** A test file of Vitest's that judges one job. */
interface JobFile {
  readonly job: Job;
  readonly project: string;
  /** Absolute. */
  readonly file: string;
  /** Its project judges other jobs, too. */
  readonly isShared: boolean;
}

type TestConfiguration = NonNullable<TestProjectInlineConfiguration['test']>;

/**
 * How jobs are laid out over Vitest's projects. What belongs to a project is the target, so that a job mostly has one of
 * its own; but the program targets of a lab can share one, and with it their workers.
 */
export class JobProjects implements Disposable {
  readonly #jobFiles: readonly JobFile[];
  readonly #stubs: JobFiles | undefined;

  /**
   * @param root the repository that holds the checkpoints.
   * @param shared whether the program targets of a lab share their workers. What is imported cannot: it stays loaded, and
   *   what it does wrong it does in the worker.
   */
  constructor(jobs: readonly Job[], root: string, shared: boolean) {
    const mayShare = ({ target }: Job) => shared && target.kind === 'program';
    this.#stubs = jobs.some(mayShare) ? new JobFiles(root) : undefined;
    // A whole suite takes long; begun last, it would be waited for with the other cores idle.
    const ordered = shared ? [...jobs.filter(({ only }) => !only), ...jobs.filter(({ only }) => only)] : jobs;
    const counts = new Map<string, number>();
    this.#jobFiles = ordered.map((job, index): JobFile => {
      const lab = job.placed.lab.slug;
      const checkpoints = testFile(job.placed);
      if (!this.#stubs || !mayShare(job)) {
        return { job, project: `${index} ${lab} ${job.target.name}`, file: join(root, checkpoints), isShared: false };
      }
      const ofLab = counts.get(lab) ?? 0;
      counts.set(lab, ofLab + 1);
      return { job, project: lab, file: this.#stubs.add(`${lab}-${ofLab}`, ofLab, checkpoints), isShared: true };
    });
  }

  /** @param common what all projects are told. */
  configurations(common: TestConfiguration, provided: Pick<ProvidedContext, 'except' | 'seed'>) {
    const projects = Map.groupBy(this.#jobFiles, ({ project }) => project);
    return [...projects].map(([name, jobFiles]): TestProjectInlineConfiguration => {
      const targets = jobFiles.map(({ job }) => job.target);
      const [target] = targets;
      const include = jobFiles.map(({ file }) => file);
      const provide = this.ownJobOf(name) && target ? { ...provided, target } : { ...provided, targets };
      return { test: { ...common, name, include, provide } };
    });
  }

  /** What runs the jobs that `filter` accepts, in the order in which it is best begun. */
  specifications(vitest: Vitest, filter: (job: Job) => boolean): TestSpecification[] {
    const projects = new Map(vitest.projects.map((project) => [project.name, project]));
    return this.#jobFiles.flatMap(({ job, project, file }) => {
      if (!filter(job)) return [];
      const names = job.only?.map((id) => id.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      const options = names && { testNamePattern: new RegExp(`^(${names.join('|')}): `) };
      return projects.get(project)?.createSpecification(file, options) ?? [];
    });
  }

  /** The job that a file judges in a project. */
  jobOf(project: string, file: string): Job | undefined {
    return this.#jobFiles.find((entry) => entry.project === project && entry.file === file)?.job;
  }

  /** The job that has a project of its own. */
  ownJobOf(project: string): Job | undefined {
    return this.#jobFiles.find((entry) => entry.project === project && !entry.isShared)?.job;
  }

  [Symbol.dispose](): void {
    this.#stubs?.[Symbol.dispose]();
  }
}
