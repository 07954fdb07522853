/**
 * Whose copy of the course this is. A fork becomes its owner's portfolio by editing this one file and committing
 * attempts; `npm run record -- --attempt <lab>` puts their results beside the reference.
 */
export interface Profile {
  /** Where the repository is published, without a slash at the end. Empty: the site prints paths and links none. */
  readonly repositoryUrl: string;
  /** The branch that links into the repository point to. */
  readonly branch: string;
  /** As it shall stand at the head of the portfolio. Empty: the role stands there alone. */
  readonly name: string;
  readonly role: string;
  /** Other places, such as `{ title: 'Mail', href: 'mailto:…' }`. */
  readonly links: readonly { readonly title: string; readonly href: string }[];
  /** What a reader should know, in paragraphs. */
  readonly about: readonly string[];
}

export const profile: Profile = {
  repositoryUrl: '',
  branch: 'main',
  name: '',
  role: 'Senior software engineer',
  links: [],
  about: [
    'I design APIs, build integrations and deliver, together with others, what has to scale. I have worked with C#, Python, JavaScript, .NET, React, SQL and AWS. It is the backend that draws me: the REST API that begins with an empty file, and the legacy system that has to become faster and safer while it runs.',
    'I take a complex problem apart until its pieces are small, and weigh each design against reliability and against what its users need. Then I go on improving the code, the CI/CD behind it and the distributed patterns around it.',
    'I play games, and I tell stories at a Dungeons & Dragons table. I want to work on games, real-time systems and distributed architectures.',
  ],
};
