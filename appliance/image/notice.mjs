// What is in the image, whose it is and where its licence lies: a page inside the image.

/** Fixed words over tables: a part is {name, version, licence}. Pure. */
export function noticeText({ version, licence, debian, programs, packages, home }) {
  const table = (parts) => {
    const width = Math.max(...parts.map(({ name, version: of }) => name.length + of.length + 1));
    return parts.map((part) => `  ${`${part.name} ${part.version}`.padEnd(width)}  ${part.licence}`).join("\n");
  };
  return `Binnacle ${version}, ${licence}: /${home}/LICENSE

It comes with the following, each under its own licence.

Programs
${table(programs)}

Packages of Debian, of which only some files are here
${table(debian.map((part) => ({ ...part, licence: `/usr/share/doc/${part.name}/copyright` })))}
Texts of licences that they share are in /usr/share/common-licenses; sources: Debian's source packages of the same versions

Packages of npm, below /${home}/node_modules, where the texts of their licences are
${table(packages)}
`;
}
