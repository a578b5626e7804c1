/** Completion scripts, made of the verbs' own definitions. Sessions' names are asked of the daemon when tab is pressed. */
import { quote } from "@skein/contract/light";

export type Completable = {
  readonly name: string;
  readonly summary: string;
  /** Long and short flags: `--json`, `-q`. */
  readonly flags: readonly { readonly flag: string; readonly says: string }[];
  /** Whether its words are sessions. */
  readonly takesSessions: boolean;
  readonly below: readonly string[];
};

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export const scriptFor = (shell: Shell, verbs: readonly Completable[]): string =>
  ({ bash, zsh, fish })[shell](verbs);

const NAMES = "skein list -q 2>/dev/null";
const HOSTS = "skein host list -q 2>/dev/null";

const bash = (verbs: readonly Completable[]): string => {
  const cases = verbs.map(({ name, flags, takesSessions, below }) => {
    const fixed = [...flags.map(({ flag }) => flag), ...below].join(" ");
    return `    ${name}) words="${fixed}"${takesSessions ? "; sessions=1" : ""} ;;`;
  });
  return `# skein completion for bash. Use: source <(skein completion bash)
_skein() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local verb="\${COMP_WORDS[1]:-}" words="" sessions=""
  COMPREPLY=()
  case "$previous" in
    -f|--file|-p|--path) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return ;;
    --permissions) COMPREPLY=($(compgen -W "read-only guarded workspace full" -- "$current")); return ;;
    --cli) COMPREPLY=($(compgen -W "claude codex" -- "$current")); return ;;
    --host) COMPREPLY=($(compgen -W "$(${HOSTS})" -- "$current")); return ;;
    --state) COMPREPLY=($(compgen -W "starting idle working waiting stopped failed lost" -- "$current")); return ;;
    --scope) COMPREPLY=($(compgen -W "read write approvals admin" -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" -le 1 ]; then
    COMPREPLY=($(compgen -W "${[...verbs.map(({ name }) => name), "help", "--version", "--help"].join(" ")}" -- "$current"))
    return
  fi
  case "$verb" in
${cases.join("\n")}
    help) words="${verbs.map(({ name }) => name).join(" ")}" ;;
  esac
  if [ -n "$sessions" ] && [ "\${current#-}" = "$current" ]; then
    words="$words $(${NAMES})"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _skein skein
`;
};

/** Inside a zsh description, brackets and colons have a meaning. */
const zshSays = (text: string): string => text.replace(/[[\]:]/g, " ");

const zsh = (verbs: readonly Completable[]): string => {
  const list = verbs.map(({ name, summary }) => `    ${quote(`${name}:${zshSays(summary)}`)}`);
  const cases = verbs.map(({ name, flags, takesSessions, below }) => {
    const specs = flags.map(({ flag, says }) => quote(`${flag}[${zshSays(says)}]`));
    if (takesSessions) specs.push("'*:session:_skein_sessions'");
    else if (below.length > 0) specs.push(`'1:verb:(${below.join(" ")})'`);
    else specs.push("'*:file:_files'");
    return `      ${name}) _arguments ${specs.join(" ")} ;;`;
  });
  return `#compdef skein
# skein completion for zsh. Use: skein completion zsh > "\${fpath[1]}/_skein"
_skein_sessions() {
  local -a names
  names=(\${(f)"$(${NAMES})"})
  compadd -a names
}
_skein() {
  local -a verbs
  verbs=(
${list.join("\n")}
    'help:print the help of a verb'
  )
  if (( CURRENT == 2 )); then
    _describe 'verb' verbs
    return
  fi
  local verb="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$verb" in
${cases.join("\n")}
      help) _describe 'verb' verbs ;;
  esac
}
if [ "$funcstack[1]" = "_skein" ]; then _skein "$@"; else compdef _skein skein; fi
`;
};

const fish = (verbs: readonly Completable[]): string => {
  const lines = verbs.flatMap(({ name, summary, flags, takesSessions, below }) => {
    const when = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c skein -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
      ...flags.map(({ flag, says }) => {
        const option = flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
        return `complete -c skein ${when} ${option} -d ${quote(says)}`;
      }),
      ...(takesSessions ? [`complete -c skein ${when} -a '(${NAMES})'`] : []),
      ...(below.length > 0 ? [`complete -c skein ${when} -a '${below.join(" ")}'`] : []),
    ];
  });
  return [
    "# skein completion for fish. Use: skein completion fish > ~/.config/fish/completions/skein.fish",
    "complete -c skein -f",
    ...lines,
    "complete -c skein -n __fish_use_subcommand -a help -d 'print the help of a verb'",
    "",
  ].join("\n");
};
