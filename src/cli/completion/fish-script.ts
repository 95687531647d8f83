import { unreachable } from "#lib/unreachable.ts";
import { type CompletedCommand, type CompletedFlag, type CompletedPlace, withAllBelow } from "./completed-command.ts";

/** Completions for fish 3 or newer. */
export function fishScript(program: CompletedCommand): string {
  const all = withAllBelow(program);
  return `# What \`binnacle completion fish\` prints.

# The words so far that are neither flags nor flags' values.
function __binnacle_words
    set -l taking ${[...new Set(all.flatMap(({ flags }) => flags.flatMap(namesWithValue)))].sort().join(" ")}
    set -l takes no
    for word in (commandline -opc)[2..]
        if test $takes = yes
            set takes no
        else if contains -- $word $taking
            set takes yes
        else if not string match -qr -- '^-.' $word
            echo $word
        end
    end
end

# Whether they are of the command $argv.
function __binnacle_of
    set -l words (__binnacle_words)
    test (count $argv) -eq 0; or string match -q -- "$argv *" "$words "
end

# Whether the next is the argument $argv[1] of the command $argv[2..]: 0 is the first, 0+ it or any after it.
function __binnacle_next
    __binnacle_of $argv[2..]; or return
    set -l at (math (count (__binnacle_words)) - (count $argv[2..]))
    if string match -q -- '*+' $argv[1]
        test $at -ge (string replace + '' -- $argv[1])
    else
        test $at -eq $argv[1]
    end
end

complete -c binnacle -e
complete -c binnacle -f
${all.flatMap(lines).join("\n")}
`;
}

function lines(command: CompletedCommand): readonly string[] {
  const words = command.path.slice(1);
  const of = quote(["__binnacle_of", ...words].join(" "));
  const next = (index: string): string => quote(["__binnacle_next", index, ...words].join(" "));
  return [
    ...command.commands.map(
      ({ path, description }) => `complete -c binnacle -n ${next("0")} -a ${path.at(-1)} -d ${quote(description)}`,
    ),
    ...command.arguments.flatMap(({ place, many }, index) =>
      place.type === "anything"
        ? []
        : [`complete -c binnacle -n ${next(`${index}${many ? "+" : ""}`)} ${offerOf(place)}`],
    ),
    // Flags of the program itself stand before every command.
    ...command.flags.map((flag) => `complete -c binnacle -n ${words.length === 0 ? next("0") : of} ${flagOf(flag)}`),
  ];
}

function flagOf({ short, long, description, value }: CompletedFlag): string {
  return [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    ...(long === undefined ? [] : [`-l ${long.slice(2)}`]),
    ...(value === undefined ? [] : [value.place.type === "file" ? "-r -F" : `-x ${offerOf(value.place)}`.trim()]),
    `-d ${quote(description)}`,
  ].join(" ");
}

function offerOf(place: CompletedPlace): string {
  switch (place.type) {
    case "words":
      return `-a ${quote(place.words.join(" "))}`;
    case "file":
      return "-F";
    case "folder":
      return "-a '(__fish_complete_directories (commandline -ct))'";
    case "anything":
      return "";
    default:
      return unreachable(place);
  }
}

function namesWithValue({ short, long, value }: CompletedFlag): readonly string[] {
  return value === undefined ? [] : [short, long].filter((name) => name !== undefined);
}

function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
