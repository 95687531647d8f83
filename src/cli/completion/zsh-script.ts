import { unreachable } from "#lib/unreachable.ts";
import { type CompletedCommand, type CompletedFlag, type CompletedValue, withAllBelow } from "./completed-command.ts";

/** Completions for zsh, by its own `_arguments`: as a file of the path `fpath`, or read after `compinit`. */
export function zshScript(program: CompletedCommand): string {
  return `#compdef binnacle
# What \`binnacle completion zsh\` prints.

${withAllBelow(program).map(functionOf).join("\n")}
if [[ $funcstack[1] == _binnacle ]]; then
  _binnacle "$@"
else
  compdef _binnacle binnacle
fi
`;
}

function functionOf(command: CompletedCommand): string {
  const specs = [...command.flags.map(flagSpec), ...command.arguments.map(argumentSpec)];
  if (command.commands.length === 0)
    return `${nameOf(command)}() {\n  _arguments -s ${specs.map((spec) => `\\\n    ${spec}`).join(" ")}\n}\n`;
  const below = command.commands.map(({ path, description }) => `    ${quote(`${path.at(-1)}:${description}`)}\n`);
  const cases = command.commands.map((each) => `        ${each.path.at(-1)}) ${nameOf(each)} ;;\n`);
  return `${nameOf(command)}() {
  local curcontext=$curcontext state line
  local -a commands=(
${below.join("")}  )
  _arguments -C -s ${[...specs, "'1: :->command'", "'*:: :->words'"].map((spec) => `\\\n    ${spec}`).join(" ")}
  case $state in
    command) _describe command commands ;;
    words)
      case $words[1] in
${cases.join("")}      esac
      ;;
  esac
}
`;
}

function nameOf({ path }: CompletedCommand): string {
  return `_${path.join("_")}`;
}

/** `'*'{-n+,--namespace=}'[only these]:namespace: '`: each may be given again, and has its value behind it or as the next word. */
function flagSpec({ short, long, description, value }: CompletedFlag): string {
  const names = [
    ...(short === undefined ? [] : [value === undefined ? short : `${short}+`]),
    ...(long === undefined ? [] : [value === undefined ? long : `${long}=`]),
  ];
  const about = quote(
    `[${description.replaceAll(/[[\]\\:]/g, "\\$&")}]${value === undefined ? "" : `:${actionOf(value)}`}`,
  );
  return names.length === 1 ? `'*${names[0]}'${about}` : `'*'{${names.join(",")}}${about}`;
}

function argumentSpec(value: CompletedValue, index: number): string {
  return quote(`${value.many ? "*" : index + 1}:${actionOf(value)}`);
}

function actionOf({ name, place }: CompletedValue): string {
  switch (place.type) {
    case "words":
      return `${name}:(${place.words.join(" ")})`;
    case "file":
      return `${name}:_files`;
    case "folder":
      return `${name}:_files -/`;
    case "anything":
      return `${name}: `;
    default:
      return unreachable(place);
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
