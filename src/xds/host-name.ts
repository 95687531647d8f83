/** The route table in a virtual host's name `<table>/<host>`. */
export function tableOf(name: string): string {
  const slash = name.indexOf("/");
  return slash === -1 ? name : name.slice(0, slash);
}
