import { unreachable } from "#lib/unreachable.ts";
import { type CompletedCommand, type CompletedPlace, withAllBelow } from "./completed-command.ts";

/**
 * Completions for bash 4 or newer, without the package bash-completion. One table says what may stand in a place of a command: after a
 * flag, as its first, second … word, or (`-`) as a flag.
 */
export function bashScript(program: CompletedCommand): string {
  return `# What \`binnacle completion bash\` prints. _binnacle_place COMMAND PLACE asks for what compgen makes the words of.
_binnacle_place() {
  many=
  case "$1|$2" in
${withAllBelow(program).flatMap(rows).join("\n")}
    *)
      place=()
      return 1
      ;;
  esac
}

_binnacle() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command=binnacle flag= many= at=0 word i
  local -a place=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      # bash cuts --flag=value into three words.
      =) ;;
      -?*) _binnacle_place "$command" "$word" && flag=$word || flag= ;;
      *)
        if [[ -n $flag ]]; then
          [[ -n $many ]] || flag=
        elif ((at == 0)) && _binnacle_place "$command $word" -; then
          command+=" $word"
        else
          at=$((at + 1))
        fi
        ;;
    esac
  done
  [[ $cur == = ]] && cur=
  if [[ $cur == -?* ]]; then
    _binnacle_place "$command" -
  elif [[ -n $flag ]]; then
    _binnacle_place "$command" "$flag"
  elif [[ $cur == - ]]; then
    _binnacle_place "$command" -
  else
    _binnacle_place "$command" "$at"
  fi
  ((\${#place[@]} > 0)) || return 0
  [[ \${place[0]} == -W ]] || compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "\${place[@]}" -- "$cur")
}

complete -F _binnacle binnacle
`;
}

function rows(command: CompletedCommand): readonly string[] {
  const path = command.path.join(" ");
  const row = (keys: readonly string[], place: CompletedPlace, many = false): string =>
    `    ${keys.join(" | ")}) place=(${compgenOf(place)})${many ? " many=1" : ""} ;;`;
  const names = command.flags.map(({ short, long }) => [short, long].filter((name) => name !== undefined));
  const below = command.commands.map((each) => each.path.at(-1) ?? "");
  return [
    row([`'${path}|-'`], { type: "words", words: names.flat() }),
    ...command.flags.flatMap(({ value }, index) =>
      value === undefined ? [] : [row(names[index]?.map((name) => `'${path}|${name}'`) ?? [], value.place, value.many)],
    ),
    ...(below.length === 0 ? [] : [row([`'${path}|0'`], { type: "words", words: below })]),
    ...command.arguments.map(({ place, many }, index) =>
      row([many ? `'${path}|'[0-9]*` : `'${path}|${index}'`], place),
    ),
  ];
}

function compgenOf(place: CompletedPlace): string {
  switch (place.type) {
    case "words":
      return `-W '${place.words.join(" ")}'`;
    case "file":
      return "-f";
    case "folder":
      return "-d";
    case "anything":
      return "";
    default:
      return unreachable(place);
  }
}
